import { InvalidArgumentError } from 'commander';

/** An option's value as a whole number from 1 on. */
export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('write a whole number from 1 on');
  return Number(text);
}

/** An option's value as a TCP port; 0 = any free one. */
export function port(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new InvalidArgumentError('write a number from 0 to 65535');
  return Number(text);
}
