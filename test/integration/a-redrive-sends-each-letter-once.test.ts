import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sampleEvent } from '../../src/cli/sample-events.ts';
import { CLI, command } from '../support/command.ts';
import { statusPage } from '../support/held-status.ts';
import { temporaryFolder } from '../support/keys.ts';
import { until } from '../support/until.ts';
import { World, type WorldOptions } from '../support/world.ts';

/** Far more than a run sends before it is killed. */
const LETTERS = 300;
/** A run that was killed blocks the next one for 15 s. */
const TRIED_AGAIN = { everyMs: 1_000 };

/** A world whose gateway refuses everything for good, until it is told to accept everything. */
function refusing(options: WorldOptions = {}): Promise<World> {
  const rules = [{ when: { paymentId: 'P*' }, answer: { code: 'PROCESS_FAIL' } }];
  return World.create({ partitions: 3, profile: { rules }, ...options });
}

function redrive(world: World, ...args: readonly string[]) {
  return command(world.settings, 'dead-letters', 'redrive', '--json', ...args);
}

function started(world: World, ...args: readonly string[]): ChildProcess {
  const env = { PATH: process.env['PATH'], ...world.settings };
  return spawn(process.execPath, [CLI, 'dead-letters', 'redrive', ...args], { env, stdio: 'ignore' });
}

async function copies(world: World) {
  return (await world.records('retry.1s')).filter(({ text }) => text['notifier-redrive-id'] !== undefined);
}

/** Where payments whose requests were answered with success came, in this order. */
function delivered(world: World): string[] {
  return world.simulator.requests().flatMap(({ answered, paymentId }) => (answered === 'S SUCCESS' ? [paymentId] : []));
}

test(
  'a redrive of many letters that is killed twice sends each of them once, and keeps the order of keys',
  { timeout: 300_000 },
  async () => {
    const world = await refusing();
    for (const partition of [0, 1, 2]) {
      const events = Array.from({ length: LETTERS / 3 }, (_, at) => ({
        paymentId: `P-${String(partition)}-${String(at).padStart(3, '0')}`,
        key: `K-${String(partition)}-${String(at % 10)}`,
      }));
      await world.writeRaw(
        partition,
        events.map(({ paymentId, key }) => ({ paymentId, key, value: world.encode(sampleEvent(paymentId, true)) })),
      );
    }
    await world.start();
    await world.settled(120_000);
    world.simulator.play({});

    const plan = join(temporaryFolder(), 'plan.json');
    const args = ['--plan', plan, '--rate', '30', '--yes'];
    for (let killed = 1; killed <= 2; killed += 1) {
      const before = (await copies(world)).length;
      // The run that was killed before blocks the next one for a while.
      const sends = async (): Promise<ChildProcess | undefined> => {
        const child = started(world, ...args);
        const ended = once(child, 'close').then(() => 'ended' as const);
        const sending = until('copies', async () => (await copies(world)).length > before + 20, { everyMs: 100 });
        const first = await Promise.race([ended, sending]);
        return first === 'ended' ? undefined : child;
      };
      const run = await until('a run that sends', sends, TRIED_AGAIN);
      const ended = once(run, 'close');
      run.kill('SIGKILL');
      await ended;
    }
    expect((await copies(world)).length).toBeLessThan(LETTERS);
    const isLetIn = async () => {
      const ran = await redrive(world, ...args, '--rate', '1000');
      return ran.errors.includes('another run is under way') ? undefined : ran;
    };
    const last = await until('the last run to be let in', isLetIn, TRIED_AGAIN);
    expect(last).toMatchObject({ code: 0, json: { planned: LETTERS } });
    const { sent, skipped } = last.json as { sent: number; skipped: number };
    expect(sent + skipped).toBe(LETTERS);

    await world.settled();
    const ids = world.written.map(({ paymentId }) => paymentId);
    expect(delivered(world).toSorted()).toEqual(ids.toSorted());
    for (const key of new Set(world.written.map((record) => record.key))) {
      const own = world.written.flatMap((record) => (record.key === key ? [record.paymentId] : []));
      expect(delivered(world).filter((id) => own.includes(id))).toEqual(own);
    }
    expect((await copies(world)).length).toBe(LETTERS);
    const dead = await world.records('dead-letter');
    const closes = dead.flatMap(({ text }) => text['notifier-closes'] ?? []);
    expect([closes.length, new Set(closes).size]).toEqual([LETTERS, LETTERS]);

    const { id } = JSON.parse(readFileSync(plan, 'utf8')) as { id: string };
    const status = { id, sent: LETTERS, delivered: LETTERS, waiting: 0, deadAgain: 0 };
    expect(await redrive(world, '--status')).toMatchObject({ code: 0, json: status });
    expect(await redrive(world, '--status', id)).toMatchObject({ code: 0, json: status });
    expect(await redrive(world, ...args)).toMatchObject({
      code: 0,
      json: { planned: LETTERS, sent: 0, skipped: LETTERS },
    });
  },
);

test('a letter goes out as its event stood in the source, counted as redriven, and can be followed to its end', async () => {
  const told = 'outcomes-of-redrives';
  const world = await refusing({ partitions: 1 });
  const settings = { ...world.settings, OUTCOMES_TOPIC: `${world.source}.${told}`, RETRY_MAX_AGE: '2s' };
  world.simulator.play({ default: { code: 'UNKNOWN_EXCEPTION' } });
  await world.writeRaw(0, [
    { paymentId: 'P-1', key: 'K', value: world.encode(sampleEvent('P-1', true)), headers: { own: 'header' } },
  ]);
  await world.start(settings);
  await until('a dead letter', async () => (await world.records('dead-letter')).length === 1);
  const dry = await command(settings, 'dead-letters', 'redrive', '--dry-run', '--json');
  expect(dry).toMatchObject({ code: 0, json: { planned: 1, sent: 0, skipped: 0 } });
  expect(await copies(world)).toEqual([]);

  world.simulator.play({});
  const ran = await command(settings, 'dead-letters', 'redrive', '--yes', '--json');
  expect(ran).toMatchObject({ code: 0, json: { planned: 1, sent: 1, skipped: 0 } });
  expect(ran.errors).toContain('nobody answers at');
  await until('the delivery', () => delivered(world).length === 1);
  const [first] = world.simulator.requests();
  expect(world.simulator.requests().at(-1)?.body).toBe(first?.body);

  const [copy] = await copies(world);
  const [source] = await world.records('');
  expect(copy).toMatchObject({ key: source?.key, value: source?.value });
  expect(copy?.text).toMatchObject({
    ...{ own: 'header', 'notifier-attempts': '0', 'notifier-redrive-count': '1', 'notifier-body': first?.body },
    ...{ 'notifier-origin-topic': world.source, 'notifier-origin-offset': '0', 'notifier-reason': 'UNKNOWN_EXCEPTION' },
  });
  expect(copy?.text).not.toHaveProperty('notifier-first-attempt-at');
  const account = (await world.records('dead-letter')).find(({ text }) => text['notifier-run'] === 'redrive');
  expect(JSON.parse(account?.value?.toString() ?? '')).toMatchObject({
    ...{ kind: 'redrive', planned: 1, skipped: 0, by: expect.stringMatching(/.@./) as string, filter: {} },
  });

  const trace = await until('the verdict', async () => {
    const found = await command(settings, 'trace', 'P-1', '--json');
    return (found.json as { verdict: string }).verdict === 'delivered' && found;
  });
  const { history } = trace.json as { history: { kind: string }[] };
  expect([...new Set(history.map(({ kind }) => kind))].toSorted()).toEqual([
    'closed',
    'copy',
    'letter',
    'outcome',
    'source',
  ]);
  expect(history.map(({ kind }) => kind).at(-1)).toBe('outcome');

  // What was delivered is never sent again, whatever letters there are.
  const again = await command(settings, 'dead-letters', 'redrive', '--yes', '--json');
  expect(again).toMatchObject({ code: 0, json: { planned: 0, sent: 0, skipped: 0 } });
});

test('a second run is refused at once, by the name of the first; a signal ends a run between two letters', async () => {
  const world = await refusing({ partitions: 1 });
  await world.write(
    0,
    Array.from({ length: 60 }, (_, at) => `P-${String(at)}`),
  );
  const service = await world.start();
  await world.settled();
  await service.end('SIGTERM');

  const child = started(world, '--rate', '4', '--yes');
  await until('the first run to send', async () => (await copies(world)).length > 0);
  const idle = performance.now();
  await command({}, 'dead-letters', 'redrive', '--help');
  const began = performance.now();
  const second = await redrive(world, '--yes');
  const tookMs = performance.now() - began - (began - idle);
  expect(second.code).toBe(1);
  expect(second.errors).toMatch(/another run is under way: redrive [-0-9a-f]{36}, started by .+@.+; wait for its end/);
  expect(tookMs).toBeLessThan(1_000);

  const signalled = performance.now();
  child.kill('SIGINT');
  expect(await once(child, 'close')).toEqual([130, null]);
  expect(performance.now() - signalled).toBeLessThan(1_000);
  const sent = (await copies(world)).length;
  const closes = (await world.records('dead-letter')).filter(({ text }) => text['notifier-closes'] !== undefined);
  expect(closes).toHaveLength(sent);
  // What has ended blocks nobody.
  expect(await redrive(world, '--yes', '--rate', '1000')).toMatchObject({
    code: 0,
    json: { planned: 60 - sent, sent: 60 - sent },
  });
  expect(await redrive(world, '--status')).toMatchObject({ json: { sent: 60 - sent, waiting: 60 - sent } });
});

test('nothing is sent while the service holds', async () => {
  const world = await refusing({ partitions: 1 });
  const page = await statusPage();
  await world.write(
    0,
    Array.from({ length: 20 }, (_, at) => `P-${String(at)}`),
  );
  const service = await world.start();
  await world.settled();
  await service.end('SIGTERM');
  const settings = { ...world.settings, STATUS_URL: page.url };
  page.hold = { reason: 'KEY_NOT_FOUND' };
  const refused = await command(settings, 'dead-letters', 'redrive', '--yes');
  expect(refused).toMatchObject({
    code: 1,
    errors: expect.stringContaining('holds sending (KEY_NOT_FOUND)') as string,
  });
  expect(await copies(world)).toEqual([]);

  page.hold = null;
  const running = command(settings, 'dead-letters', 'redrive', '--yes', '--rate', '2', '--json');
  await until('letters to be sent', async () => (await copies(world)).length > 0);
  page.hold = { reason: 'outage' };
  expect(await running).toMatchObject({
    code: 1,
    errors: expect.stringContaining('stopped: the service holds') as string,
  });
  expect((await copies(world)).length).toBeLessThan(20);
});

test(
  'a run stops by itself where what it sends comes back, and letters redriven too often stay',
  { timeout: 120_000 },
  async () => {
    const world = await refusing({ partitions: 1 });
    await world.write(
      0,
      Array.from({ length: 150 }, (_, at) => `P-${String(at)}`),
    );
    await world.start();
    await world.settled();
    const stopped = await redrive(world, '--yes', '--rate', '25');
    expect(stopped).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/\d+ of \d+ letters became dead letters again/) as string,
    });
    const { sent } = stopped.json as { sent: number };
    expect(sent).toBeGreaterThanOrEqual(20);
    expect(sent).toBeLessThan(150);
    await world.settled();
    expect(await redrive(world, '--status')).toMatchObject({
      json: { sent, delivered: 0, waiting: 0, deadAgain: sent },
    });

    const plan = join(temporaryFolder(), 'plan.json');
    const once = await redrive(world, '--max-redrives', '1', '--max', '3', '--plan', plan, '--dry-run');
    expect(once).toMatchObject({
      json: { planned: 3, skipped: sent, why: { 'quarantined: redriven 1 times already': sent } },
    });
    expect(existsSync(plan)).toBe(true);
    expect(await redrive(world, '--plan', plan, '--yes')).toMatchObject({ code: 0, json: { planned: 3, sent: 3 } });
    expect(await redrive(world, '--plan', plan, '--yes')).toMatchObject({ code: 0, json: { planned: 3, sent: 0 } });
    expect(await redrive(world, '--except', 'P-149', '--payment-id', 'P-149', '--dry-run')).toMatchObject({
      json: { planned: 0 },
    });
  },
);

test('a redriven event goes before later ones of its key that are parked', async () => {
  const unknown = { code: 'UNKNOWN_EXCEPTION' } as const;
  const rules = [
    { when: { paymentId: 'P-1' }, answer: { code: 'PROCESS_FAIL' } as const },
    { when: { paymentId: 'X-2' }, answer: unknown },
  ];
  const world = await refusing({ partitions: 1, profile: { rules }, settings: { OUTAGE_HOLD_AFTER: '0' } });
  await world.write(0, ['P-1', 'X-2'], { key: 'K' });
  await world.start();
  await until('the later event to be parked', async () => (await world.records('retry.1s')).length > 0);
  world.simulator.play({ default: unknown });
  expect(await redrive(world, '--yes')).toMatchObject({ code: 0, json: { sent: 1 } });
  const asked = () => world.simulator.requests().filter(({ paymentId }) => paymentId === 'P-1').length;
  await until('the redriven event to be parked, too', () => asked() >= 2);
  await until('the later one to wait behind it', async () => {
    const waiting = (await world.records('retry.3s')).concat(await world.records('retry.1s'));
    return waiting.some(({ text }) => text['notifier-reason'] === 'behind_parked_key');
  });
  world.simulator.play({});
  await world.settled();
  expect(delivered(world)).toEqual(['P-1', 'X-2']);
});
