import { expect, test } from 'vitest';
import { answer, noResponse, pass as passTime, soon, sourceRecord, useVirtualTime } from '../../support/fixtures.ts';
import { ScriptedPipeline } from '../../support/pipeline.ts';

useVirtualTime();

const refused = answer('F', 'INVALID_SIGNATURE', { verification: 'missing' });

/** Sends for another payment, whose answer is always good. */
function answerAnother(pipeline: ScriptedPipeline): void {
  const sending = pipeline.gate.enter(new AbortController().signal, 'live').then((pass) => {
    pass.done({ paymentId: 'another', outcome: { kind: 'delivered', code: 'SUCCESS' } });
  });
  sending.catch(() => undefined);
}

test('a payment that alone is refused becomes a dead letter with the code, and all its attempts are told', async () => {
  const pipeline = new ScriptedPipeline({ send: () => refused });
  const work = pipeline.begin();
  for (let second = 0; second < 15; second += 1) {
    answerAnother(pipeline);
    await passTime(1_000);
  }
  expect([work.state, pipeline.story.at(-1), pipeline.gate.inFlight]).toEqual(['settled', 'dead_lettered', 0]);
  expect(pipeline.written).toMatchObject([{ target: 'dead_letter' }]);
  expect(pipeline.headers).toMatchObject({
    'notifier-dead-letter-reason': 'rejected',
    'notifier-reason': 'INVALID_SIGNATURE',
    'notifier-attempts': String(pipeline.bodies.length),
  });
  expect(pipeline.bodies.length).toBeGreaterThanOrEqual(4);
  expect(new Set(pipeline.bodies).size).toBe(1);
});

test('a payment that is refused with nobody else in sight is sent again for ever', async () => {
  const pipeline = new ScriptedPipeline({ send: () => refused });
  const work = pipeline.begin();
  await passTime(600_000);
  expect([work.state, pipeline.written]).toEqual(['going on', []]);
  expect(pipeline.bodies.length).toBeGreaterThan(100);
});

test('a hold says which payment began it, and in which trace', async () => {
  const trace = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', sampled: true };
  const pipeline = new ScriptedPipeline({ send: () => refused });
  pipeline.begin(sourceRecord({ trace }));
  await passTime(500);
  const began = pipeline.facts.find(({ kind }) => kind === 'hold_began');
  expect(began).toMatchObject({ reason: 'INVALID_SIGNATURE', paymentId: 'pay-1', trace });
});

test('a payment that waits because it alone is refused is abandoned as soon as its ownership closes', async () => {
  const pipeline = new ScriptedPipeline({ send: () => refused });
  const work = pipeline.begin();
  await passTime(500);
  answerAnother(pipeline);
  while (!pipeline.story.includes('hold_ended')) await passTime(100);
  const sent = pipeline.bodies.length;
  // Sending is open and nothing is in flight: it is its own pause that it waits for.
  const entered = await pipeline.gate.enter(new AbortController().signal, 'live');
  entered.done(undefined);
  await passTime(500);
  expect([work.state, pipeline.bodies.length, pipeline.gate.inFlight]).toEqual(['going on', sent, 0]);
  pipeline.ownership.close();
  await soon();
  expect([work.state, pipeline.written]).toEqual(['Abandoned', []]);
});

test('a payment never answered as a probe is parked as usual once the hold has ended', async () => {
  const pipeline = new ScriptedPipeline({
    send: (request) => (request === 1 ? refused : noResponse('ETIMEDOUT')),
  });
  const work = pipeline.begin();
  await passTime(1_500);
  expect([work.state, pipeline.bodies.length]).toEqual(['going on', 2]);
  answerAnother(pipeline);
  await passTime(20_000);
  expect([work.state, pipeline.story.at(-1)]).toEqual(['settled', 'parked']);
});

test('a key version that works is told before anybody else may send with the one that does not', async () => {
  const pipeline = new ScriptedPipeline({ send: (request) => (request === 1 ? refused : answer('S', 'SUCCESS')) });
  const work = pipeline.begin();
  await soon();
  pipeline.gate
    .enter(new AbortController().signal, 'live')
    .then(() => pipeline.story.push('next one leaves'))
    .catch(() => undefined);
  await passTime(10_000);
  expect(work.state).toBe('settled');
  const steps = pipeline.story.filter((step) => step.startsWith('key') || step.startsWith('next'));
  expect(steps).toEqual(['key 7 worked', 'next one leaves']);
});

test('no key version is told where none was tried, or the one that was is refused too', async () => {
  const pipeline = new ScriptedPipeline({ send: () => refused });
  pipeline.begin();
  await passTime(20_000);
  const delivered = new ScriptedPipeline();
  await delivered.process();
  expect([...pipeline.story, ...delivered.story].filter((step) => step.startsWith('key'))).toEqual([]);
});
