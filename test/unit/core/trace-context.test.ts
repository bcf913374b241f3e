import fc from 'fast-check';
import { expect, test } from 'vitest';
import { traceContextOf } from '../../../src/core/trace-context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const KNOWN = { traceId: TRACE, spanId: SPAN, sampled: true };

test.each<[string, string, object]>([
  ['one that is recorded', `00-${TRACE}-${SPAN}-01`, KNOWN],
  ['one that is not', `00-${TRACE}-${SPAN}-00`, { ...KNOWN, sampled: false }],
  ['flags of a later version', `00-${TRACE}-${SPAN}-03`, KNOWN],
  ['a later version', `01-${TRACE}-${SPAN}-01`, KNOWN],
  ['a later version with more behind it', `cc-${TRACE}-${SPAN}-01-more-${'x'.repeat(10_000)}`, KNOWN],
])('is read: %s', (_, traceparent, expected) => {
  expect(traceContextOf({ traceparent: Buffer.from(traceparent) })).toEqual(expected);
  expect(traceContextOf({ traceparent })).toEqual(expected);
});

test('an id may begin with zeros: only one of nothing else is none', () => {
  const [traceId, spanId] = [`0${TRACE.slice(1)}`, `0${SPAN.slice(1)}`];
  expect(traceContextOf({ traceparent: `00-${traceId}-${spanId}-01` })).toEqual({ traceId, spanId, sampled: true });
});

test.each<[string, string]>([
  ['nothing', ''],
  ['something else', 'no trace'],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
  ['a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['the version that is never valid', `ff-${TRACE}-${SPAN}-01`],
  ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
  ['a short trace id', `00-${TRACE.slice(1)}-${SPAN}-01`],
  ['a long trace id', `00-${TRACE}0-${SPAN}-01`],
  ['more behind the one version that has no more', `00-${TRACE}-${SPAN}-01-more`],
  ['more behind a later version without a dash', `01-${TRACE}-${SPAN}-01more`],
  ['no flags', `00-${TRACE}-${SPAN}`],
  ['no digits in the flags', `00-${TRACE}-${SPAN}-0x`],
  ['a line end', `00-${TRACE}-${SPAN}-01\n`],
  ['something before it', ` 00-${TRACE}-${SPAN}-01`],
])('is no trace: %s', (_, traceparent) => {
  expect(traceContextOf({ traceparent: Buffer.from(traceparent) })).toBeUndefined();
  expect(traceContextOf({ traceparent })).toBeUndefined();
});

test('of several nobody knows which is meant', () => {
  const traceparent = Buffer.from(`00-${TRACE}-${SPAN}-01`);
  expect(traceContextOf({ traceparent: [traceparent, traceparent] })).toBeUndefined();
  expect(traceContextOf({})).toBeUndefined();
});

test('whatever a header holds, nothing but ids comes out of it', () => {
  const nearly = fc
    .tuple(fc.constantFrom('00', '01', 'ff', '0'), fc.constantFrom(TRACE, '<script>', '"\n'), fc.string())
    .map(([version, trace, rest]) => Buffer.from(`${version}-${trace}-${SPAN}-01${rest}`));
  const bytes = fc.uint8Array({ maxLength: 80 }).map((array) => Buffer.from(array));
  fc.assert(
    fc.property(fc.oneof(nearly, bytes), (traceparent) => {
      const { traceId = TRACE, spanId = SPAN } = traceContextOf({ traceparent }) ?? {};
      expect([traceId, spanId]).toEqual([
        expect.stringMatching(/^[0-9a-f]{32}$/),
        expect.stringMatching(/^[0-9a-f]{16}$/),
      ]);
    }),
  );
});
