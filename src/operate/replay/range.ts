import { Misconfigured } from '../../core/misconfigured.ts';
import type { Bound } from '../../inspect/stretch.ts';

/** What the command line says of a range. */
export interface RangeOptions {
  /** ISO 8601 with its zone. */
  readonly from?: string;
  readonly to?: string;
  readonly fromOffset?: number;
  readonly toOffset?: number;
  readonly partition?: number;
}

/** A part of the source topic: of one partition or of all, from a bound on, to before another one. */
export interface Range {
  readonly partition: number | undefined;
  readonly from: Bound | undefined;
  readonly to: Bound | undefined;
}

/** Throws `Misconfigured` with everything that is wrong: times that are none, and ways to say one bound twice. */
export function parseRange(options: RangeOptions): Range {
  const problems: string[] = [];
  const bound = (name: 'from' | 'to', time: string | undefined, offset: number | undefined): Bound | undefined => {
    if (time !== undefined && offset !== undefined) {
      problems.push(`--${name} and --${name}-offset say the same thing twice; give one of them`);
    }
    if (offset !== undefined) return { offset };
    if (time === undefined) return undefined;
    const at = /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:?\d\d)$/.test(time) ? Date.parse(time) : Number.NaN;
    if (Number.isNaN(at)) {
      problems.push(`--${name}: "${time}" is no time; write ISO 8601 with its zone, such as 2026-11-28T10:00:00Z`);
    }
    return { time: at };
  };
  const { partition, fromOffset, toOffset } = options;
  if (partition === undefined && (fromOffset !== undefined || toOffset !== undefined)) {
    problems.push('--from-offset and --to-offset count within one partition; name it with --partition');
  }
  const range = {
    partition,
    from: bound('from', options.from, fromOffset),
    to: bound('to', options.to, toOffset),
  };
  if (isEmpty(range)) problems.push('the range ends before it begins; exchange its bounds');
  if (problems.length > 0) throw new Misconfigured(problems);
  return range;
}

function isEmpty({ from, to }: Range): boolean {
  if (from === undefined || to === undefined) return false;
  if ('offset' in from && 'offset' in to) return to.offset <= from.offset;
  return 'time' in from && 'time' in to && to.time <= from.time;
}

/** The same range is written the same way: by this a run that was ended is known again. */
export function rangeName({ partition, from, to }: Range): string {
  const name = (bound: Bound | undefined): string => {
    if (bound === undefined) return '';
    return 'offset' in bound ? `@${bound.offset}` : new Date(bound.time).toISOString();
  };
  return `${partition ?? '*'}:${name(from)}..${name(to)}`;
}
