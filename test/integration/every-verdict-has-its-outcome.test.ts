import kafkajs from 'kafkajs';
import { expect, test } from 'vitest';
import { RESULT_CODES } from '../../src/core/codes.ts';
import { readOutcome } from '../../src/inspect/outcome.ts';
import { expectAccounted } from '../support/expect-accounted.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { OUTCOMES, World } from '../support/world.ts';

const ASSIGNED = 'notifier_assigned_partitions{tier="main"}';
const UNWRITTEN = 'notifier_outcomes_unwritten_total';
const SHUTDOWN_MS = 10_000;
/** What ending a process takes on a machine that is busy. */
const MARGIN_MS = 1_500;

test('every counter of verdicts can be rebuilt from the outcomes topic', async () => {
  const world = await World.create({
    partitions: 2,
    profile: {
      rules: [
        ...['PROCESS_FAIL', 'PARAM_ILLEGAL', 'NO_SUCH_PAYMENT'].map((code) => {
          return { when: { paymentId: `${code}-*` }, answer: { result: 'F' as const, code } };
        }),
        { when: { paymentId: 'unknown-*' }, answer: { code: 'UNKNOWN_EXCEPTION' } },
        { when: { paymentId: 'traffic-*' }, answer: { code: 'REQUEST_TRAFFIC_EXCEED_LIMIT' } },
        { when: { paymentId: 'silent-*' }, answer: { fault: 'not_json' } },
        { when: { paymentId: 'late-*', attempt: 1 }, answer: { code: 'UNKNOWN_EXCEPTION' } },
      ],
    },
    settings: { RETRY_MAX_AGE: '2s' },
  });
  const kinds = ['good', 'PROCESS_FAIL', 'PARAM_ILLEGAL', 'NO_SUCH_PAYMENT', 'unknown', 'silent', 'traffic', 'late'];
  for (const [at, kind] of kinds.entries()) {
    await world.write(
      at % 2,
      Array.from({ length: at + 1 }, (_, number) => `${kind}-${String(number)}`),
    );
  }
  const invalid = world.encode({
    paymentId: 'x'.repeat(65),
    paymentRequestId: null,
    paymentTime: null,
    paymentResult: { resultStatus: 'F', resultCode: 'PROCESS_FAIL', resultMessage: null },
  });
  await world.writeRaw(1, [
    { key: 'junk', value: Buffer.from('junk') },
    { key: 'invalid', value: invalid },
  ]);
  const service = await world.start();
  await expectAccounted(world);

  const told = (await world.records(OUTCOMES)).map(({ value }) => readOutcome(value));
  const rebuilt = new Map<string, number>();
  for (const outcome of told) {
    const { verdict, deadLetterReason, resultCode } = outcome ?? {};
    count(rebuilt, `notifier_notifications_total{verdict="${String(verdict)}"}`);
    if (verdict !== 'dead_lettered') continue;
    const labels = `reason="${String(deadLetterReason)}",result_code="${label(resultCode)}"`;
    count(rebuilt, `notifier_dead_letters_total{${labels}}`);
  }
  const { body } = await service.get('/metrics');
  const series = [...body.matchAll(/^(notifier_(?:notifications|dead_letters)_total{.*}) ([1-9]\d*)$/gm)];
  expect(Object.fromEntries(rebuilt)).toEqual(
    Object.fromEntries(series.map(([, name, value]) => [name, Number(value)])),
  );
  expect(new Set(told.map((outcome) => outcome?.deadLetterReason))).toEqual(
    new Set([null, 'rejected', 'retries_exhausted', 'undecodable', 'invalid_event']),
  );
});

test('an outcome that cannot be written stops the next send, and its delivery is not repeated after a stop', async () => {
  const world = await World.create({
    partitions: 2,
    profile: { rules: [{ when: { paymentId: 'refused' }, answer: { code: 'PROCESS_FAIL' } }] },
    settings: { SHUTDOWN_TIMEOUT: `${String(SHUTDOWN_MS)}ms` },
  });
  const service = await world.start();
  await takesOutcomes(world, false);
  await world.write(0, ['delivered', 'behind']);
  await world.write(1, ['refused', 'behind it']);
  await until('both to wait', async () => (await refusals(service)) > 2 && world.simulator.requests().length === 2);

  const began = performance.now();
  service.signal('SIGTERM');
  expect(await service.exit(), service.tail()).toBe(0);
  expect(performance.now() - began).toBeLessThan(SHUTDOWN_MS + MARGIN_MS);
  expect(world.simulator.requests()).toHaveLength(2);
  expect([...(await world.committed()).values()]).toEqual([1, 1]);
  expect(await world.records(OUTCOMES)).toEqual([]);
  const lines = service.log.filter(({ event }) => event === 'outcome_unwritten');
  const sha256 = expect.stringMatching(/^[0-9a-f]{64}$/) as string;
  const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string;
  const alike = { level: 'error', attempts: 1, keyVersion: '1', firstAttemptAt: at, settledAt: at };
  const hashes = { requestSha256: sha256, responseSha256: sha256 };
  const origin = (partition: number): string => `${world.source}:${String(partition)}:0`;
  expect(lines).toHaveLength(2);
  expect(lines).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        ...{ ...alike, ...hashes, paymentId: 'delivered', verdict: 'delivered', deadLetterReason: null },
        ...{ resultCode: 'SUCCESS', origin: origin(0) },
      }),
      expect.objectContaining({
        ...{ ...alike, ...hashes, paymentId: 'refused', verdict: 'dead_lettered', deadLetterReason: 'rejected' },
        ...{ resultCode: 'PROCESS_FAIL', origin: origin(1) },
      }),
    ]),
  );

  await takesOutcomes(world, true);
  await world.start();
  await world.settled();
  const requests = world.simulator.requests().map(({ paymentId }) => paymentId);
  expect(requests.sort()).toEqual(['behind', 'behind it', 'delivered', 'refused']);
  const told = (await world.records(OUTCOMES)).map(({ value }) => readOutcome(value)?.paymentId);
  expect(told.sort()).toEqual(['behind', 'behind it']);
  expect(await world.records('dead-letter')).toHaveLength(1);
});

test('an outcome that cannot be written is counted, and its delivery is not repeated after another leaves', async () => {
  const world = await World.create({ partitions: 2 });
  const [service, other] = [await world.start(), await world.start()];
  await until('each to have its share', async () => (await service.metric(ASSIGNED)) === 1);
  await takesOutcomes(world, false);
  await world.write(0, ['P-1']);
  await world.write(1, ['P-2']);
  await until('both to wait', async () => (await refusals(service)) * (await refusals(other)) > 0);
  expect(await service.metric(UNWRITTEN)).toBe(0);
  expect(await other.end(), other.tail()).toBe(0);
  await until('the one that stays to have all', async () => (await service.metric(ASSIGNED)) === 2);
  expect(await service.metric(UNWRITTEN)).toBe(1);
  for (const { log } of [service, other]) {
    expect(log.filter(({ event }) => event === 'outcome_unwritten')).toHaveLength(1);
    expect(log.filter(({ event, clean }) => event === 'left' && clean === false)).toEqual([]);
  }

  await takesOutcomes(world, true);
  await world.write(0, ['P-3']);
  await world.settled();
  expect(
    world.simulator
      .requests()
      .map(({ paymentId }) => paymentId)
      .sort(),
  ).toEqual(['P-1', 'P-2', 'P-3']);
  expect((await world.records(OUTCOMES)).map(({ key }) => key?.toString())).toEqual(['P-3']);
});

/** No record fits into a byte. */
async function takesOutcomes(world: World, does: boolean): Promise<void> {
  const configEntries = [{ name: 'max.message.bytes', value: does ? '1048588' : '1' }];
  const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: world.topic(OUTCOMES), configEntries }];
  await world.admin.alterConfigs({ validateOnly: false, resources });
}

async function refusals(service: ServiceProcess): Promise<number> {
  return (await service.metric('notifier_produce_errors_total{target="outcome"}')) ?? 0;
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function label(code: string | null | undefined): string {
  if (code === null || code === undefined) return 'NONE';
  return (RESULT_CODES as readonly string[]).includes(code) ? code : 'OTHER';
}
