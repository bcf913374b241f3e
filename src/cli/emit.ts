import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { loadSourceConfig } from '../settings/load.ts';
import type { PaymentFinal } from '../core/event.ts';
import { Misconfigured } from '../core/misconfigured.ts';
import { createKafka } from '../kafka/kafkajs/client.ts';
import { errorType } from '../kafka/kafkajs/errors.ts';
import { createEmitter, misfit, type Emitter } from '../kafka/produce/emitter.ts';
import { sampleEvents } from './sample-events.ts';

interface EmitOptions {
  readonly file?: string;
  readonly count?: number;
  readonly rate?: number;
}

/** As many events as go into one request to the brokers, and so the grain of `--rate`. */
const MOST_AT_ONCE = 500;
const TICK_MS = 50;

/** `emit`: writes payment-final events to the source topic. */
export function emitCommand(): Command {
  return new Command('emit')
    .description('write payment-final events to the source topic as Avro, registering the schema where allowed')
    .option('--file <events.jsonl>', 'JSON lines, one event each; standard input by default')
    .option('--count <n>', 'make this many sample events instead of reading any', wholeNumber)
    .option('--rate <n>', 'events per second; as fast as the brokers take them by default', wholeNumber)
    .addHelpText(
      'after',
      `
Reads KAFKA_BROKERS, SCHEMA_REGISTRY_URL, SOURCE_TOPIC and the KAFKA_* and SCHEMA_REGISTRY_* settings beside them.

Examples:
  payment-notifier emit --count 1000 --rate 50
  payment-notifier emit --file events.jsonl
  echo '{"paymentId":"P1","paymentResult":{"resultStatus":"F","resultCode":"EXPIRED_CODE"}}' | payment-notifier emit`,
    )
    .action(async (options: EmitOptions) => {
      try {
        const { kafka, source, registry } = loadSourceConfig(process.env);
        if (options.file !== undefined && !existsSync(options.file)) {
          throw new BadInput(`--file: ${options.file} does not exist; name a file of JSON lines`);
        }
        const emitter = await createEmitter(createKafka(kafka, silent), registry, source.topic);
        const count = await emitAll(emitter, options)
          .catch((error: unknown) => {
            throw errorType(error) === 'UNKNOWN_TOPIC_OR_PARTITION' ? noSuchTopic(source.topic) : error;
          })
          .finally(() => emitter.close());
        process.stderr.write(`${String(count)} events written to ${source.topic}\n`);
      } catch (error) {
        const lines = error instanceof Misconfigured ? error.problems : [(error as Error).message];
        for (const line of lines) process.stderr.write(`payment-notifier emit: ${line}\n`);
        process.exitCode = error instanceof Misconfigured || error instanceof BadInput ? 2 : 1;
      }
    });
}

/** What was asked for cannot be done as it stands. */
class BadInput extends Error {
  override readonly name = 'BadInput';
}

function noSuchTopic(topic: string): BadInput {
  return new BadInput(`SOURCE_TOPIC: the topic ${topic} does not exist; make it, or name the right one`);
}

async function emitAll(
  emitter: Emitter,
  { file, count, rate = Number.POSITIVE_INFINITY }: EmitOptions,
): Promise<number> {
  const events = count === undefined ? readEvents(file) : sampleEvents(count);
  const began = performance.now();
  let written = 0;
  let batch: PaymentFinal[] = [];
  const flush = async (): Promise<void> => {
    if (batch.length > 0) await emitter.emit(batch);
    written += batch.length;
    batch = [];
    const dueMs = (written / rate) * 1_000 - (performance.now() - began);
    if (dueMs > 0) await sleep(dueMs);
  };
  const atOnce = Math.min(MOST_AT_ONCE, Math.max(1, Math.floor((rate * TICK_MS) / 1_000)));
  for await (const event of events) {
    batch.push(event);
    if (batch.length >= atOnce) await flush();
  }
  await flush();
  return written;
}

async function* readEvents(file: string | undefined): AsyncIterable<PaymentFinal> {
  const input = file === undefined ? process.stdin : createReadStream(file);
  let number = 0;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    if (line.trim() !== '') yield readEvent(line, `${file ?? 'standard input'}, line ${String(number)}`);
  }
}

function readEvent(line: string, where: string): PaymentFinal {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    throw new BadInput(`${where}: is not JSON; write one event a line`);
  }
  const full = withDefaults(event);
  const wrong = misfit(full);
  if (wrong !== undefined)
    throw new BadInput(`${where}: ${wrong} does not fit schemas/payment-final.avsc; mend that field`);
  return full as PaymentFinal;
}

/** Nullable fields may be left out; a time may be written as ISO 8601. */
function withDefaults(event: unknown): unknown {
  if (typeof event !== 'object' || event === null) return event;
  const { paymentTime = null, paymentResult, ...rest } = event as Record<string, unknown>;
  const result = typeof paymentResult === 'object' ? { resultMessage: null, ...paymentResult } : paymentResult;
  const time = typeof paymentTime === 'string' ? Date.parse(paymentTime) : paymentTime;
  return { paymentRequestId: null, ...rest, paymentTime: time, paymentResult: result };
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('write a whole number from 1 on');
  return Number(text);
}

const silent = () => () => undefined;
