import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import kafkajs from 'kafkajs';
import { beforeAll, expect, test } from 'vitest';
import { DASHBOARDS } from '../../deploy/observability/dashboards/all.ts';
import { picture, type Answer } from '../../deploy/observability/dashboards/picture/picture.ts';
import type { Answer as GatewayAnswer } from '../../src/simulator/faults.ts';
import { RULES } from '../support/prometheus-rule.ts';
import { MARK_QUERIES, PANEL_QUERIES, substituted } from '../support/dashboards.ts';
import { hurried } from '../support/hurried-rules.ts';
import { makeTopics } from '../support/make-topics.ts';
import { removeTemporaryFolders, temporaryFolder } from '../support/keys.ts';
import { startPrometheus, type Prometheus } from '../support/prometheus.ts';
import { promtool } from '../support/promtool.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';
import { text } from '../deploy/repository.ts';

const EVALUATIONS = 'prometheus_rule_group_iterations_total';
const DEFAULT_TIMESTAMP_AGE = '9223372036854775807';

let world: World;
let service: ServiceProcess;
let prometheus: Prometheus;
let startedAt: number;
let folder: string;

beforeAll(async () => {
  const [shared, end] = await World.shared({
    partitions: 2,
    settings: {
      CREATE_TOPICS: 'false',
      RETRY_DELAYS: '1s',
      OUTAGE_HOLD_AFTER: '4',
      GATEWAY_TIMEOUT: '500ms',
    },
    profile: {
      rules: [
        { when: { paymentId: 'PATIENCE-*', attempt: 1 }, answer: { code: 'UNKNOWN_EXCEPTION' } },
        { when: { paymentId: 'REFUSED-*' }, answer: { code: 'PROCESS_FAIL' } },
      ],
    },
  });
  world = shared;
  const topics = ['retry.1s', 'dead-letter', 'outcomes'].map((suffix) => ({
    topic: world.topic(suffix),
    numPartitions: 2,
  }));
  await makeTopics(world.admin, topics);
  startedAt = Date.now();
  service = await world.start();
  folder = temporaryFolder();
  prometheus = await startPrometheus({
    address: service.address,
    rules: hurried(text(RULES)),
    folder: join(folder, 'prometheus'),
  });
  return async () => {
    await prometheus.stop();
    await end();
    removeTemporaryFolders([folder]);
  };
});

async function fires(...alerts: readonly string[]): Promise<void> {
  for (const alert of alerts) {
    await until(`${alert} to fire`, async () => (await prometheus.firing()).includes(alert), { everyMs: 200 });
  }
}

async function silent(...alerts: readonly string[]): Promise<void> {
  for (const alert of alerts) {
    await until(`${alert} to end`, async () => !(await prometheus.firing()).includes(alert), { everyMs: 200 });
  }
}

test('in health no alert fires', async () => {
  await world.writeEverywhere(20, 'HEALTH');
  await world.settled();
  await until('a scrape', async () => (await prometheus.value('up{job="payment-notifier"}')) === 1, { everyMs: 200 });
  await silent('Absent');
  const evaluations = async () => (await prometheus.value(`sum(${EVALUATIONS})`)) ?? 0;
  const before = await evaluations();
  await until('some evaluations', async () => (await evaluations()) >= before + 4, { everyMs: 200 });
  expect(await prometheus.firing()).toEqual([]);
  expect(await prometheus.brokenRules()).toEqual([]);
});

test('DeadLetters, when a payment is refused for good and bytes are no event', async () => {
  await world.writeEverywhere(3, 'PATIENCE');
  await world.writeEverywhere(1, 'REFUSED');
  await world.writeRaw(0, [{ key: 'k', value: Buffer.from('no event') }]);
  await fires('DeadLetters');
  await world.settled();
});

const HOLDS: readonly (readonly [fault: string, answer: GatewayAnswer, alerts: readonly string[]])[] = [
  ['the gateway does not know our key', { code: 'KEY_NOT_FOUND' }, ['Held', 'OldestUnnotifiedTooOld']],
  ['the gateway does not answer', { fault: 'no_answer' }, ['HeldByOutage']],
];

test.each(HOLDS)('while %s', async (name, answer, alerts) => {
  world.simulator.play({ default: answer });
  await world.writeEverywhere(6, name);
  await fires(...alerts);
  world.simulator.play({});
  await world.settled();
  await silent('Held', 'HeldByOutage');
});

test('CannotPark, while the brokers take no retry records', async () => {
  const takesRecordsOfAge = async (ms: string): Promise<void> => {
    await world.admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: world.topic('retry.1s'),
          configEntries: [{ name: 'message.timestamp.before.max.ms', value: ms }],
        },
      ],
    });
  };
  await takesRecordsOfAge('0');
  world.simulator.play({ rules: [{ when: { attempt: 1 }, answer: { code: 'UNKNOWN_EXCEPTION' } }] });
  await world.writeEverywhere(2, 'UNPARKED');
  await fires('CannotPark');
  await takesRecordsOfAge(DEFAULT_TIMESTAMP_AGE);
  world.simulator.play({});
  await world.settled();
});

test('UnservedPartitions, when the source grows and its counterparts do not', async () => {
  await world.admin.createPartitions({ topicPartitions: [{ topic: world.source, count: 3 }] });
  await fires('UnservedPartitions');
});

test('every panel and every recorded series has answers, and every mark can be asked for', async () => {
  const range = asked();
  const recorded = [...text(RULES).matchAll(/- record: (\S+)/g)].map(([, expr = '']) => ({ where: 'recorded', expr }));
  const dumb: string[] = [];
  for (const asked of [...PANEL_QUERIES, ...recorded]) {
    const values = (await range(asked.expr)).flatMap(({ values }) => values);
    if (!values.some(([, value]) => Number.isFinite(Number(value)))) dumb.push(`${asked.where}: ${asked.expr}`);
  }
  expect(dumb).toEqual([]);
  for (const { expr } of MARK_QUERIES) await range(expr);
  expect(await prometheus.brokenRules()).toEqual([]);
});

test('promtool finds nothing to complain of in what the service shows', async () => {
  const { body } = await service.get('/metrics');
  expect(await promtool(['check', 'metrics'], body)).toEqual({ code: 0, said: '' });
});

test.each(Object.entries(DASHBOARDS))('the picture of %s shows every panel', async (name, model) => {
  const range = asked();
  const svg = await picture(model, async (expr) => {
    const answer = JSON.stringify(await range(expr));
    const told = answer.replaceAll(world.source, 'payment-final').replaceAll(service.address, 'notifier-1');
    return JSON.parse(told) as Answer;
  });
  const titles = (model['panels'] as readonly { readonly title: string }[]).map(({ title }) => title);
  expect(titles.filter((title) => !svg.includes(`>${title.replace('<', '&lt;')}</text>`))).toEqual([]);
  // npm run pictures keeps it.
  writeFileSync(join(process.env['PICTURES'] ?? folder, `${name}.svg`), svg);
});

/** Asks as Grafana does that shows the time since the service has started. */
function asked(): (expr: string) => Promise<Answer> {
  const seconds = Math.ceil((Date.now() - startedAt) / 1_000);
  return async (expr) => prometheus.range(substituted(expr, '5s', `${String(seconds)}s`), startedAt);
}

test('Absent, when the last member is gone', async () => {
  await service.end();
  await fires('Absent');
});
