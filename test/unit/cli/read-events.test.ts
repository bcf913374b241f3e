import { createReadStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { PassThrough, Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { readEvents } from '../../../src/cli/read-events.ts';
import type { PaymentFinal } from '../../../src/core/event.ts';
import { Misconfigured } from '../../../src/core/misconfigured.ts';

const LINE = '{"paymentId":"P","paymentResult":{"resultStatus":"S","resultCode":"SUCCESS"}}';

async function read(open: () => NodeJS.ReadableStream, name = 'events.jsonl') {
  const events: PaymentFinal[] = [];
  for await (const event of readEvents(open, name, new AbortController().signal)) events.push(event);
  return events;
}

function readText(text: string) {
  return read(() => Readable.from([text]));
}

test('fields that may be left out are null; a time may be ISO 8601; empty lines are passed over', async () => {
  const timed =
    '{"paymentId":"T","paymentTime":"2026-11-22T10:00:00Z","paymentResult":{"resultStatus":"S","resultCode":"A"}}';
  const events = await readText(`${LINE}\n\n  \r\n${timed}`);
  expect(events).toEqual([
    {
      paymentId: 'P',
      paymentRequestId: null,
      paymentTime: null,
      paymentResult: { resultStatus: 'S', resultCode: 'SUCCESS', resultMessage: null },
    },
    expect.objectContaining({ paymentId: 'T', paymentTime: Date.UTC(2026, 10, 22, 10) }),
  ]);
});

test.each([
  ['no JSON', '{', 'is not JSON; write one event a line'],
  ['another type', '{"paymentId":5}', 'paymentId does not fit schemas/payment-final.avsc; mend that field'],
  ['no object', '5', 'the whole line does not fit'],
])('%s names its line and field', async (_, line, says) => {
  const reading = readText(`${LINE}\n\n${line}`);
  await expect(reading).rejects.toThrow(Misconfigured);
  await expect(reading).rejects.toThrow(`events.jsonl, line 3: ${says}`);
});

test('what cannot be read is said, and is no event', async () => {
  const reading = read(() => createReadStream(tmpdir()), '--file');
  await expect(reading).rejects.toThrow('--file: cannot be read (EISDIR)');
});

test('an input that never ends is left when somebody asks for it', async () => {
  const interrupted = new AbortController();
  const input = new PassThrough();
  input.write(`${LINE}\n${LINE}\n`);
  let read = 0;
  for await (const event of readEvents(() => input, 'standard input', interrupted.signal)) {
    expect(event.paymentId).toBe('P');
    read += 1;
    if (read === 2) interrupted.abort();
  }
  expect(read).toBe(2);
});
