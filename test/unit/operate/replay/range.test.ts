import { describe, expect, test } from 'vitest';
import { parseRange, rangeName } from '../../../../src/operate/replay/range.ts';

describe('a range', () => {
  test('by time, of all partitions', () => {
    const range = parseRange({ from: '2026-11-28T09:00:00Z', to: '2026-11-28T10:15:00+01:00' });
    expect(range).toEqual({
      partition: undefined,
      from: { time: Date.UTC(2026, 10, 28, 9) },
      to: { time: Date.UTC(2026, 10, 28, 9, 15) },
    });
    expect(rangeName(range)).toBe('*:2026-11-28T09:00:00.000Z..2026-11-28T09:15:00.000Z');
  });

  test('by offset, of one partition', () => {
    const range = parseRange({ partition: 3, fromOffset: 12, toOffset: 14 });
    expect(range).toEqual({ partition: 3, from: { offset: 12 }, to: { offset: 14 } });
    expect(rangeName(range)).toBe('3:@12..@14');
  });

  test('without bounds, of everything', () => {
    expect(rangeName(parseRange({}))).toBe('*:..');
  });
});

describe('what is wrong is told with its remedy, all at once', () => {
  test.each([
    [{ from: 'yesterday' }, ['--from: "yesterday" is no time; write ISO 8601 with its zone']],
    [{ from: '2026-11-28T09:00:00' }, ['--from: "2026-11-28T09:00:00" is no time']],
    [{ fromOffset: 1 }, ['name it with --partition']],
    [{ partition: 0, from: '2026-11-28T09:00:00Z', fromOffset: 1 }, ['--from and --from-offset say the same thing']],
    [{ partition: 0, fromOffset: 9, toOffset: 9 }, ['ends before it begins']],
    [{ from: '2026-11-28T09:00:00Z', to: '2026-11-28T08:00:00Z' }, ['ends before it begins']],
    [{ from: 'then', to: 'now', toOffset: 1 }, ['--from', '--to and --to-offset', '--partition']],
  ])('%j', (options, says) => {
    for (const part of says) expect(() => parseRange(options)).toThrow(part);
  });
});
