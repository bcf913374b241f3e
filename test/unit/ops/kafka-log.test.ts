import { expect, test } from 'vitest';
import { kafkaLogCreator } from '../../../src/ops/kafka-log.ts';
import { captureLog, SECRET } from '../../support/captured-log.ts';

test("the Kafka client's log passes without its noise and without its objects", () => {
  const { log, lines, clock } = captureLog('debug');
  const write = kafkaLogCreator(log, () => clock.now)();
  const entry = (namespace: string, level: number, message: unknown) =>
    write({ namespace, level, log: { message, ...{ stack: SECRET, payload: { password: SECRET } } } });
  entry('Connection', 1, 'Connection error: refused');
  entry('BrokerPool', 1, new Error('as an object'));
  entry('Runner', 2, 'The group is rebalancing, re-joining');
  entry('Consumer', 4, 'Starting');
  entry('Consumer', 1, `Crash: ${'x'.repeat(600)}`);
  entry('Consumer', 1, 'Restarting the consumer in 300ms');
  expect(lines()).toMatchObject([
    { level: 'debug', part: 'Connection', detail: 'Connection error: refused' },
    { level: 'debug', part: 'BrokerPool', detail: 'as an object' },
    { level: 'debug', part: 'Runner' },
    { level: 'warn', part: 'Consumer', detail: `Crash: ${'x'.repeat(493)}…`, leftOut: 0 },
  ]);
  clock.now += 30_000;
  entry('Consumer', 1, { odd: SECRET });
  expect(lines()).toMatchObject([{ level: 'warn', detail: 'no message', leftOut: 1 }]);
});
