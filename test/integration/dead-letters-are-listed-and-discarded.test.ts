import { beforeAll, describe, expect, test } from 'vitest';
import { command } from '../support/command.ts';
import { World } from '../support/world.ts';

let world: World;

interface Listed {
  readonly counts: readonly { readonly reason: string; readonly code: string; readonly count: number }[];
  readonly records: readonly {
    readonly record: string;
    readonly paymentId: string | null;
    readonly closed: string | null;
  }[];
}

beforeAll(async () => {
  const rule = (prefix: string, code: string) => ({ when: { paymentId: `${prefix}*` }, answer: { code } });
  const [shared, end] = await World.shared({
    partitions: 2,
    settings: { OUTCOMES_TOPIC: '' },
    profile: { rules: [rule('FAIL', 'PROCESS_FAIL'), rule('PARAM', 'PARAM_ILLEGAL')] },
  });
  world = shared;
  await world.write(0, ['FAIL-1', 'GOOD', 'PARAM-1', 'FAIL-2']);
  await world.write(1, ['FAIL-3'], { key: null });
  await world.writeRaw(1, [{ key: 'BAD', value: Buffer.from('no Avro') }]);
  const service = await world.start();
  await world.settled();
  await service.end('SIGTERM');
  return end;
});

async function list(...options: readonly string[]): Promise<Listed> {
  const { code, json, errors } = await command(world.settings, 'dead-letters', 'list', '--json', ...options);
  expect([code, errors]).toEqual([0, '']);
  return json as Listed;
}

async function payments(...options: readonly string[]): Promise<unknown[]> {
  return (await list(...options)).records.map(({ paymentId }) => paymentId).sort();
}

describe('list', () => {
  test('counts by reason and code, the most frequent first, and names the letters', async () => {
    const { counts, records } = await list();
    expect(counts).toEqual([
      { reason: 'rejected', code: 'PROCESS_FAIL', count: 3 },
      { reason: 'rejected', code: 'PARAM_ILLEGAL', count: 1 },
      { reason: 'undecodable', code: 'magic', count: 1 },
    ]);
    const third = records.find(({ paymentId }) => paymentId === 'FAIL-3');
    expect(third).toEqual({
      ...{ record: `${world.topic('dead-letter')}:1:0`, paymentId: 'FAIL-3', reason: 'rejected', code: 'PROCESS_FAIL' },
      ...{ attempts: 1, at: expect.stringMatching(/^20\d\d-.*Z$/) as string, closed: null },
    });
    expect(records).toHaveLength(5);
  });

  test('filters', async () => {
    expect(await payments('--reason', 'undecodable')).toEqual(['BAD']);
    expect(await payments('--code', 'PROCESS_FAIL')).toEqual(['FAIL-1', 'FAIL-2', 'FAIL-3']);
    expect(await payments('--payment-id', 'PARAM-1')).toEqual(['PARAM-1']);
    expect(await payments('--from', new Date(Date.now() + 60_000).toISOString())).toEqual([]);
    expect(await payments('--to', new Date(Date.now() + 60_000).toISOString())).toHaveLength(5);
    const { counts, records } = await list('--limit', '2');
    expect([counts.length, records.length]).toEqual([3, 2]);
  });

  test('a table for people', async () => {
    const { output } = await command(world.settings, 'dead-letters', 'list');
    expect(output).toMatch(/^reason +code +count\nrejected +PROCESS_FAIL +3\n/);
    expect(output).toMatch(/record +payment +reason +code +attempts +at\n/);
  });

  test('what is wrong in a filter is said', async () => {
    expect(await command(world.settings, 'dead-letters', 'list', '--from', 'noon')).toMatchObject({
      code: 2,
      errors: expect.stringContaining('write a time in ISO 8601') as string,
    });
  });
});

test('show shows a letter, and nothing else', async () => {
  const letter = await command(world.settings, 'dead-letters', 'show', `${world.topic('dead-letter')}:1:0`, '--json');
  expect(letter).toMatchObject({ code: 0, json: { event: { paymentId: 'FAIL-3' }, verdict: 'dead_lettered' } });
  const other = await command(world.settings, 'dead-letters', 'show', `${world.source}:1:0`);
  expect(other).toMatchObject({ code: 2, errors: expect.stringContaining('is not the dead-letter topic') as string });
});

describe('discard', () => {
  test('needs a reason, and consent', async () => {
    expect(await command(world.settings, 'dead-letters', 'discard', '--yes')).toMatchObject({
      code: 2,
      errors: expect.stringContaining('--why') as string,
    });
    expect(await command(world.settings, 'dead-letters', 'discard', '--why', 'x')).toMatchObject({
      code: 2,
      errors: expect.stringContaining('give --yes') as string,
    });
    expect(await payments()).toHaveLength(5);
  });

  test('closes letters for good: who, when and why stand beside them', async () => {
    const args = ['dead-letters', 'discard', '--payment-id', 'FAIL-3', '--why', 'a test', '--yes', '--json'];
    expect(await command(world.settings, ...args)).toMatchObject({ code: 0, json: { planned: 1, discarded: 1 } });
    expect(await payments()).not.toContain('FAIL-3');
    const { records } = await list('--all');
    expect(records.map(({ paymentId, closed }) => [paymentId, closed])).toContainEqual(['FAIL-3', 'discarded']);
    const closing = (await world.records('dead-letter')).filter(({ text }) => text['notifier-closes'] !== undefined);
    expect(closing).toMatchObject([
      {
        ...{ partition: 1, key: null, value: null },
        text: { 'notifier-closes': '1:0', 'notifier-closed-as': 'discarded', 'notifier-closed-why': 'a test' },
      },
    ]);
    expect(closing[0]?.text['notifier-closed-by']).toMatch(/.@./);
    const trace = await command(world.settings, 'trace', 'FAIL-3', '--json');
    const { history } = trace.json as { history: { kind: string; reason: string }[] };
    expect(history.map(({ kind, reason }) => [kind, reason])).toEqual([
      ['source', null],
      ['letter', 'rejected'],
      ['closed', 'discarded'],
    ]);
    expect(await command(world.settings, ...args)).toMatchObject({ code: 0, json: { planned: 0, discarded: 0 } });
  });
});
