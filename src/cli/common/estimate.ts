import type { Terminal } from './terminal.ts';

/** Shows how far something is and how long it will take, at the pace it had so far. */
export function estimated(
  err: Terminal,
  what: string,
  now: () => number = () => performance.now(),
): (done: number, of: number) => void {
  const began = now();
  return (done, of) => {
    err.progress(() => {
      const percent = of === 0 ? 100 : Math.floor((100 * done) / of);
      const left = done === 0 ? undefined : Math.ceil(((now() - began) * (of - done)) / done / 1_000);
      return `${what}: ${percent} %${left === undefined ? '' : `, about ${left} s left`}`;
    });
  };
}
