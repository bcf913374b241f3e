import { createReadStream, existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PaymentFinal } from '../core/event.ts';
import { Misconfigured } from '../core/misconfigured.ts';
import { createKafka } from '../kafka/kafkajs/client.ts';
import { errorType } from '../kafka/kafkajs/errors.ts';
import { createEmitter, type Emitter } from '../kafka/produce/emitter.ts';
import { taskCommand, type Task } from './common/command.ts';
import { wholeNumber } from './common/numbers.ts';
import type { Result } from './common/result.ts';
import { silent } from './common/reading.ts';
import { readEvents } from './read-events.ts';
import { sampleEvents } from './sample-events.ts';

interface EmitOptions {
  readonly file?: string;
  readonly count?: number;
  readonly rate?: number;
  readonly json?: true;
}

type EmitTask = Task<EmitOptions, 'kafka' | 'source' | 'registry'>;

/** As many events as go into one request to the brokers, and so the grain of `--rate`. */
const MOST_AT_ONCE = 500;
const TICK_MS = 50;

/** `emit`: writes payment-final events to the source topic. */
export const emit = taskCommand({
  name: 'emit',
  summary: 'write payment-final events to the source topic as Avro, registering the schema where allowed',
  usage: (command) =>
    command
      .option('--file <events.jsonl>', 'JSON lines, one event each; standard input by default')
      .option('--count <n>', 'make this many sample events instead of reading any', wholeNumber)
      .option('--rate <n>', 'events per second; as fast as the brokers take them by default', wholeNumber)
      .option('--json', 'print {"topic","written"} instead of a sentence'),
  help: `
Reads KAFKA_BROKERS, SCHEMA_REGISTRY_URL, SOURCE_TOPIC and the KAFKA_* and SCHEMA_REGISTRY_* settings beside them.

Examples:
  payment-notifier emit --count 1000 --rate 50
  payment-notifier emit --file events.jsonl
  echo '{"paymentId":"P1","paymentResult":{"resultStatus":"F","resultCode":"EXPIRED_CODE"}}' | payment-notifier emit`,
  sections: ['kafka', 'source', 'registry'],

  run: async (task: EmitTask): Promise<Result> => {
    const { kafka, source, registry } = task.settings;
    const events = eventsOf(task);
    const emitter = await createEmitter(createKafka(kafka.client, silent), registry, source.topic);
    try {
      const written = await emitAll(events, emitter, task);
      return {
        text: [`${String(written)} events written to ${source.topic}${task.signal.aborted ? '; interrupted' : ''}`],
        json: { topic: source.topic, written },
      };
    } catch (error) {
      throw errorType(error) === 'UNKNOWN_TOPIC_OR_PARTITION' ? noSuchTopic(source.topic) : error;
    } finally {
      await emitter.close();
    }
  },
});

function eventsOf({ options: { file, count }, signal, stdin }: EmitTask): Events {
  if (count !== undefined) return sampleEvents(count);
  if (file === undefined) return readEvents(() => stdin, 'standard input', signal);
  if (!existsSync(file)) throw new Misconfigured([`--file: ${file} does not exist; name a file of JSON lines`]);
  return readEvents(() => createReadStream(file), file, signal);
}

type Events = Iterable<PaymentFinal> | AsyncIterable<PaymentFinal>;

/** @returns how many were written: all, or the first ones where it was interrupted */
async function emitAll(events: Events, emitter: Emitter, { options, signal, err }: EmitTask): Promise<number> {
  const { rate = Number.POSITIVE_INFINITY, count } = options;
  const began = performance.now();
  let written = 0;
  let batch: PaymentFinal[] = [];
  const flush = async (): Promise<void> => {
    if (batch.length > 0) await emitter.emit(batch);
    written += batch.length;
    batch = [];
    err.progress(() => `${String(written)}${count === undefined ? '' : ` of ${String(count)}`} events written`);
    const dueMs = (written / rate) * 1_000 - (performance.now() - began);
    if (dueMs > 0) await sleep(dueMs, undefined, { signal }).catch(() => undefined);
  };
  const atOnce = Math.min(MOST_AT_ONCE, Math.max(1, Math.floor((rate * TICK_MS) / 1_000)));
  for await (const event of events) {
    if (signal.aborted) return written;
    batch.push(event);
    if (batch.length >= atOnce) await flush();
  }
  if (!signal.aborted) await flush();
  return written;
}

function noSuchTopic(topic: string): Misconfigured {
  return new Misconfigured([`SOURCE_TOPIC: the topic ${topic} does not exist; make it, or name the right one`]);
}
