import { setTimeout as sleep } from 'node:timers/promises';
import { sampleEvents } from '../../src/cli/sample-events.ts';
import {
  ACTS,
  HEALTHY,
  HOLD_ACT,
  KEY_UNKNOWN,
  LOAD_PREFIX,
  STORY_EVENTS,
  STORY_PROFILE,
  type Act,
  type Writing,
} from './acts.ts';
import { readEvidence, uncommitted } from './evidence.ts';
import { judge, type Expectation } from './ledger.ts';
import { runLoad } from './load.ts';
import { Narrator } from './narrator.ts';
import type { DemoService } from './service.ts';
import type { Stage } from './stage.ts';
import { GATEWAY_TIMEOUT_MS, RETRY_DELAYS, startDemoService, startSurroundings } from './system.ts';
import type { Closers, Surroundings } from './system.ts';
import { asJson, eventTable, summary } from './table.ts';

/** What the user asked for. */
export interface DemoOptions {
  readonly keep: boolean;
  readonly json: boolean;
  readonly events: number;
  readonly partitions: number;
}

/** What the gateway's page can load. */
const PROFILES = new Map([
  ['the-story', () => STORY_PROFILE],
  ['healthy', () => HEALTHY],
]);

const ACT_LIMIT_MS = 30_000;
const MOST_ROWS = 100;
const POLL_MS = 20;
const FAULT_MS = 4_000;

interface Scene extends Surroundings {
  readonly service: DemoService;
  readonly stage: Stage;
  readonly narrator: Narrator;
  readonly signal: AbortSignal;
}

/** Tells the whole story and keeps its books. Gives the exit code: 0 where every event is accounted for. */
export async function tellStory(
  options: DemoOptions,
  stage: Stage,
  closers: Closers,
  signal: AbortSignal,
): Promise<number> {
  const narrator = new Narrator(stage, (paymentId) => paymentId.startsWith(`${LOAD_PREFIX}-`));
  const scene = await setUp(options, { stage, narrator, signal }, closers);
  for (const act of ACTS) await play(act, scene);
  await playHold(scene);
  const loadIds = Array.from({ length: options.events - STORY_EVENTS }, (_, at) => `${LOAD_PREFIX}-${at + 1}`);
  const load = loadIds.length === 0 ? null : await runLoad(sampleEvents(loadIds.length, LOAD_PREFIX), scene);

  stage.heading('The books', 'Told by the gateway’s record and by what stands in the topics, not by the service.');
  if (options.keep || load !== null) {
    await untilAll(scene, 'all records to be committed', async () => (await uncommitted(scene)) === 0);
  }
  const serviceExitCode = options.keep ? null : await drain(scene);
  const story = [...ACTS, HOLD_ACT].flatMap(({ expected }) => expected);
  const expected = [...story, ...loadIds.map((name): Expectation => ({ name, verdict: 'delivered' }))];
  const judgement = judge(expected, { ...(await readEvidence(scene)), requests: scene.simulator.requests() });
  const { rows, totals, faults } = judgement;
  const shown = rows.filter((row, at) => at < story.length || row.faults.length > 0).slice(0, MOST_ROWS);
  const ok = faults.length === 0 && (serviceExitCode ?? 0) === 0;

  stage.print(`\n${eventTable(shown, stage)}\n`);
  if (load !== null) stage.print(`… and ${load.events} events of load\n`);
  for (const fault of faults.slice(0, 20)) stage.print(stage.styled('bad', `✗ ${fault}`));
  if (faults.length > 20) stage.print(stage.styled('bad', `✗ … and ${faults.length - 20} more`));
  if (serviceExitCode !== null && serviceExitCode !== 0) {
    stage.print(stage.styled('bad', `✗ the service did not end well: exit code ${serviceExitCode}`));
  }
  stage.print(stage.styled(ok ? 'good' : 'bad', `${ok ? '✓' : '✗'} ${summary(totals)}`));
  if (options.json) process.stdout.write(`${asJson(shown, judgement, { ok, serviceExitCode, load })}\n`);
  if (options.keep) await keep(scene);
  return ok ? 0 : 1;
}

async function setUp(
  { events, partitions }: DemoOptions,
  { stage, narrator, signal }: Pick<Scene, 'stage' | 'narrator' | 'signal'>,
  closers: Closers,
): Promise<Scene> {
  stage.print(
    stage.styled('strong', `payment-notifier: ${events} events, ${partitions} partitions, all on this machine`),
  );
  stage.line('', 'starting a Kafka broker, a schema registry and a simulator of the gateway');
  const onRequest = narrator.seen.bind(narrator);
  const surroundings = await startSurroundings({ partitions, profiles: PROFILES, onRequest, signal }, closers);
  const { cluster, simulator } = surroundings;
  stage.line('kafka', `broker ${cluster.bootstrapServers}, registry ${cluster.registryUrl}`);
  stage.line('gateway', simulator.url);
  const service = await startDemoService(surroundings, narrator.heard.bind(narrator), closers, signal);
  const tiers = RETRY_DELAYS.replace(',', ' and ');
  const limit = GATEWAY_TIMEOUT_MS / 1_000;
  stage.line('service', `ready (pid ${service.pid ?? '?'}): retry tiers ${tiers}, time limit of a request ${limit} s`);
  return { ...surroundings, service, stage, narrator, signal };
}

async function play(act: Act, scene: Scene): Promise<void> {
  scene.stage.heading(`${act.number} · ${act.title}`, act.about);
  await untilEnded(act, await write(act.writings, scene), scene);
}

/** For some seconds the gateway does not know our key. */
async function playHold(scene: Scene): Promise<void> {
  const { stage, simulator, signal, narrator } = scene;
  const { number, title, about, writings } = HOLD_ACT;
  stage.heading(`${number} · ${title}`, about);
  const half = writings.length / 2;
  simulator.play(KEY_UNKNOWN);
  const names = await write(writings.slice(0, half), scene);
  await untilAll(scene, 'the hold to begin', () => narrator.held);
  await sleep(FAULT_MS / 2, undefined, { signal });
  stage.line('kafka', `${writings.length - half} more events arrive; they wait in their partitions`);
  names.push(...(await write(writings.slice(half), scene)));
  await sleep(FAULT_MS / 2, undefined, { signal });
  simulator.play(HEALTHY);
  stage.line('gateway', 'knows our key again; nobody tells the service, its next probe will find out');
  await untilEnded(HOLD_ACT, names, scene);
}

/** Writes events as the acquirer's systems do, and gives the names by which the service will call them. */
async function write(writings: readonly Writing[], { emitter, writeBytes }: Scene): Promise<string[]> {
  const names: string[] = [];
  for (const writing of writings) {
    if (writing.kind === 'bytes') names.push(await writeBytes(writing.key, writing.value));
    else {
      await emitter.emit([writing.make()], writing.key);
      names.push(writing.name);
    }
  }
  return names;
}

async function untilEnded({ number }: Act, names: readonly string[], scene: Scene): Promise<void> {
  const { narrator } = scene;
  await untilAll(scene, `the events of act ${number}`, () => names.every((name) => narrator.ended.has(name)));
}

/** Waits, but not for ever: the books will tell what is missing. */
async function untilAll(
  { service, signal, stage }: Scene,
  what: string,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + ACT_LIMIT_MS;
  while (!(await condition())) {
    service.assertRunning();
    if (Date.now() > deadline) {
      stage.line('demo', `waited ${ACT_LIMIT_MS / 1_000} s in vain for ${what}`, 'bad');
      return;
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}

async function drain({ service, stage }: Scene): Promise<number> {
  const exitCode = await service.drain();
  stage.line('service', `drained after SIGTERM, exit code ${exitCode}`, exitCode === 0 ? 'good' : 'bad');
  return exitCode;
}

async function keep(scene: Scene): Promise<void> {
  const { service, signal, simulator, source, settings, stage } = scene;
  const { KAFKA_BROKERS = '', SCHEMA_REGISTRY_URL = '' } = settings;
  stage.heading('All of it goes on running until Ctrl-C', 'What happens is told here as before.');
  stage.print(
    `
KAFKA_BROKERS        ${KAFKA_BROKERS}
SCHEMA_REGISTRY_URL  ${SCHEMA_REGISTRY_URL}
source topic         ${source}
gateway simulator    ${simulator.url}
what it receives     ${simulator.pageUrl}  (a page whose buttons play faults; a browser warns, as its certificate is its own)
metrics              ${service.url}/metrics
readiness            ${service.url}/readyz

Write some events, from another shell in this folder:
  KAFKA_BROKERS=${KAFKA_BROKERS} SCHEMA_REGISTRY_URL=${SCHEMA_REGISTRY_URL} SOURCE_TOPIC=${source} \\
    node dist/cli/main.js emit --count 20 --rate 5
See on the page what the gateway receives, and spoil what it answers; or without a browser:
  curl -k ${simulator.pageUrl}summary
  curl -k -X PUT '${simulator.pageUrl}playing?fault=unknown'
`,
  );
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  if (!signal.aborted) await Promise.race([stopped, service.end()]);
  service.assertRunning();
  await drain(scene);
  signal.throwIfAborted();
}
