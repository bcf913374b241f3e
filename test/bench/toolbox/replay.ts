import { setTimeout as sleep } from 'node:timers/promises';
import { sampleEvent } from '../../../src/cli/sample-events.ts';
import { startGateway } from '../../support/gateway-process.ts';
import { rsaKeyPair, signingKeysFolder } from '../../support/keys.ts';
import { until } from '../../support/until.ts';
import { World } from '../../support/world.ts';
import { writeMany } from './bulk.ts';
import { assertEnded, operate, PARTITIONS, seconds, SERVICE, type Ground, type Measured } from './ground.ts';
import { quantile } from '../statistics.ts';
import { inWords, type Latencies } from './latencies.ts';

/** How much is told again, how fast, and how fast live events come. */
export interface ReplaySizes {
  readonly replayed: number;
  /** Requests a second. */
  readonly replayRate: number;
  /** Events a second. */
  readonly liveRate: number;
  /** How long live events come alone, before and after. */
  readonly aloneS: number;
}

const CLIENT_ID = 'SANDBOX_BENCH';
/** What has just started is slow for reasons of its own. */
const WARM_UP_MS = 10_000;
/** As by default: a busy machine must not make a latency of a time-out. */
const PATIENT = { GATEWAY_TIMEOUT: '5s', KAFKA_SESSION_TIMEOUT: '30s' };

/** From writing a live event to its request at the gateway: alone, and while a range is told again. */
export async function measureReplay(ground: Ground, sizes: ReplaySizes): Promise<Measured> {
  const { tell, progress, onEnd } = ground;
  const { replayed, replayRate, liveRate, aloneS } = sizes;
  const seen = new Map<string, number[]>();
  const { privateKey, publicKey } = rsaKeyPair();
  const gateway = await startGateway(CLIENT_ID, publicKey, ({ paymentId, at }) => {
    seen.set(paymentId, [...(seen.get(paymentId) ?? []), at]);
  });
  onEnd(() => {
    gateway.stop();
    return Promise.resolve();
  });
  const keys = { SIGNING_KEYS_DIR: signingKeysFolder({ 1: privateKey }) };
  const settings = { ...SERVICE, ...PATIENT, ...gateway.settings, ...keys };
  const world = await World.create({ ...ground, partitions: PARTITIONS, settings });
  tell(`replay: writing ${replayed} events that are told again`);
  await writeMany(world, 'AGAIN', replayed, (written) => progress(() => `${written} of ${replayed} written`));
  const replayTo = new Date(Date.now() + 1).toISOString();
  await world.start({ START_FROM: 'latest' });

  const live = async (name: string, ending: AbortSignal): Promise<Latencies> => {
    tell(`replay: live events at ${liveRate} a second, ${name}`);
    const written = await writeLive(world, `LIVE-${name.replaceAll(' ', '-')}`, liveRate, ending);
    await until('all of them to be sent', () => [...written.keys()].every((id) => seen.has(id)));
    return [...written].map(([id, at]) => (seen.get(id)?.[0] ?? Number.NaN) - at);
  };
  await live('that count for nothing', AbortSignal.timeout(WARM_UP_MS));
  const before = await live('before', AbortSignal.timeout(aloneS * 1_000));
  const ending = new AbortController();
  const beside = live('beside', ending.signal);
  // Not from the first moment on: the command's start is no part of its share.
  await sleep(1_000);
  const args = ['replay', 'run', '--to', replayTo, '--rate', String(replayRate), '--yes', '--json'];
  const { ended } = operate(world, ...args);
  const ran = await ended.finally(() => ending.abort());
  assertEnded(ran);
  const during = await beside;
  const after = await live('after', AbortSignal.timeout(aloneS * 1_000));
  const alone = [...before, ...after];
  const ratio = quantile(during, 0.99) / quantile(alone, 0.99);
  return {
    figures: [
      {
        name: `live events, ${liveRate} a second, written to sent, alone before`,
        measured: inWords(before),
        wanted: '',
      },
      { name: '  alone after', measured: inWords(after), wanted: '' },
      {
        name: `  while replay run sends ${replayed} at ${replayRate} a second`,
        measured: inWords(during),
        wanted: `p99 up to ${(quantile(alone, 0.99) * 1.1).toFixed(1)} ms`,
      },
      { name: '  ratio of the p99', measured: ratio.toFixed(2), wanted: 'up to 1.10' },
      { name: '  replay run took', measured: seconds(ran.tookMs), wanted: '' },
    ],
    violations: wrongIn(seen, replayed),
  };
}

/** Writes events at fixed times, whatever becomes of those before; gives when each was written, in epoch milliseconds. */
async function writeLive(
  world: World,
  prefix: string,
  perSecond: number,
  ending: AbortSignal,
): Promise<Map<string, number>> {
  const producer = world.kafka.producer();
  await producer.connect();
  const written = new Map<string, number>();
  const sending: Promise<unknown>[] = [];
  const began = performance.now();
  for (let number = 0; !ending.aborted; number += 1) {
    const waitMs = began + (number * 1_000) / perSecond - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    const id = `${prefix}-${number}`;
    const message = { key: id, value: world.encode(sampleEvent(id, true)), partition: number % world.partitions };
    written.set(id, performance.timeOrigin + performance.now());
    sending.push(producer.send({ topic: world.source, messages: [message] }));
  }
  await Promise.all(sending);
  await producer.disconnect();
  return written;
}

function wrongIn(seen: ReadonlyMap<string, readonly number[]>, replayed: number): string[] {
  const told = [...seen].filter(([id]) => id.startsWith('AGAIN-'));
  const more = [...seen].filter(([, times]) => times.length > 1);
  return [
    ...(told.length === replayed ? [] : [`${told.length} of ${replayed} events were told again`]),
    ...(more.length === 0 ? [] : [`${more.length} events were sent more than once, ${more[0]?.[0] ?? ''} first`]),
  ];
}
