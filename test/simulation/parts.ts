import type { Whole } from './whole.ts';

/** What is played of a world, by numbers from 1 on: members that it begins with, events, faults. */
export interface Parts {
  readonly members: readonly number[];
  readonly events: readonly number[];
  readonly faults: readonly number[];
}
type PartKind = keyof Parts;

/** All parts, or those that matter for the first so many milliseconds. */
export function allParts({ plan, records, faults }: Whole, untilMs = Infinity): Parts {
  const early = (parts: readonly { number: number; atMs: number }[]): number[] =>
    parts.filter(({ atMs }) => atMs <= untilMs).map(({ number }) => number);
  return {
    members: Array.from({ length: plan.members }, (_, at) => at + 1),
    events: early(records),
    faults: early(faults),
  };
}

const NONE = 'none';

/** Such as `1-4,7`; `none` for none. */
export function rangesOf(numbers: readonly number[]): string {
  const ranges: [first: number, last: number][] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const range = ranges.at(-1);
    if (range?.[1] === number - 1) range[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',') || NONE;
}

/** @returns `undefined` where it is no such text */
export function numbersIn(text: string): number[] | undefined {
  if (text === NONE) return [];
  const numbers: number[] = [];
  for (const range of text.split(',')) {
    const [, first, last = first] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(range) ?? [];
    if (first === undefined || Number(last) < Number(first)) return undefined;
    for (let number = Number(first); number <= Number(last); number += 1) numbers.push(number);
  }
  return numbers;
}

/** What these parts ask for that a world does not have; empty where it has it all. */
export function unknownParts(parts: Partial<Parts>, all: Parts): string[] {
  return (Object.keys(all) as PartKind[])
    .filter((kind) => parts[kind]?.some((number) => !all[kind].includes(number)))
    .map((kind) => `there are only these ${kind}: ${rangesOf(all[kind])}`);
}
