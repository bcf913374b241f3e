const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The milliseconds of `250ms`, `5s`, `2m`, `1h` or `14d`; `undefined` for anything else. */
export function durationMs(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  const unitMs = UNITS[unit];
  return unitMs === undefined ? undefined : Number(digits) * unitMs;
}

/** A duration as it can be written down, in the largest unit that it fills: `90m`, `14d`. */
export function inUnits(ms: number): string {
  const [unit, unitMs] = Object.entries(UNITS)
    .reverse()
    .find(([, unitMs]) => ms >= unitMs && ms % unitMs === 0) ?? ['ms', 1];
  return `${ms / unitMs}${unit}`;
}
