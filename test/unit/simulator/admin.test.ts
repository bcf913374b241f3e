import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Misconfigured } from '../../../src/core/misconfigured.ts';
import { parseProfileText } from '../../../src/simulator/faults.ts';
import { type Simulator, startSimulator } from '../../../src/simulator/gateway.ts';
import { PAGE_POLICY } from '../../../src/simulator/page/page.ts';
import { pem, removeTemporaryFolders, rsaKeyPair, temporaryFolder } from '../../support/keys.ts';
import { until } from '../../support/until.ts';

const folder = temporaryFolder({ 'client.pem': pem(rsaKeyPair().publicKey) });
const agent = new Agent({ keepAlive: true });
let simulator: Simulator;
let file: string | undefined;
let asked = 0;

beforeAll(async () => {
  simulator = await startSimulator({
    ...{ clientId: 'SANDBOX_TEST', publicKey: join(folder, 'client.pem'), stateDir: folder },
    profile: {},
    profiles: new Map([
      [
        'rush hour',
        () => {
          if (file === undefined) throw new Misconfigured(['rush hour cannot be read']);
          return parseProfileText(file);
        },
      ],
    ]),
    service: { where: 'http://service', ask: () => Promise.resolve({ answered: (asked += 1), hold: 'outage' }) },
  });
});
afterEach(() => simulator.play({ delayMs: 1 }));
afterAll(async () => {
  agent.destroy();
  await simulator.stop();
  removeTemporaryFolders([folder]);
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

async function ask(method: string, path: string, body = ''): Promise<Answer> {
  const sending = request(`${simulator.url}${path}`, { method, agent, ca: readFileSync(simulator.caFile) });
  sending.end(body);
  const [response] = (await once(sending, 'response')) as [IncomingMessage];
  const text = Buffer.concat((await response.toArray()) as Buffer[]).toString();
  return { status: response.statusCode, headers: response.headers, text };
}

const put = (path: string, body?: string): Promise<Answer> => ask('PUT', `/_simulator/${path}`, body);
const played = async (): Promise<unknown> => JSON.parse((await ask('GET', '/_simulator/playing')).text);

describe('the page', () => {
  test('asks the service only while somebody looks, and shows its hold', async () => {
    await ask('GET', '/_simulator/requests');
    expect(asked).toBe(0);
    await until('the hold', async () => (await ask('GET', '/_simulator/live')).text.includes('outage'));
    expect(asked).toBe(1);
  });

  test('is served under its policy, kept by nobody, and is no request to the gateway', async () => {
    simulator.clear();
    for (const path of ['/_simulator/', '/_simulator/live']) {
      const { status, headers } = await ask('GET', path);
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': PAGE_POLICY,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      });
    }
    expect((await ask('GET', '/_simulator/')).text).toContain('rush hour');
    expect(simulator.requests()).toEqual([]);
    expect(simulator.pageUrl).toBe(`${simulator.url}/_simulator/`);
  });

  test('is found without its last stroke; a path that only begins like it is the gateway', async () => {
    expect(await ask('GET', '/_simulator')).toMatchObject({ status: 308, headers: { location: '/_simulator/' } });
    await ask('GET', '/_simulators');
    expect(simulator.requests().at(-1)).toMatchObject({ verification: 'NO_INTERFACE_DEF' });
  });

  test('shows nothing by a choice that there is not', async () => {
    const { status, text } = await ask('GET', '/_simulator/live?show=some');
    expect([status, text]).toEqual([400, '{"problem":"show: expected all, refused, not_s"}']);
  });
});

describe('what is played', () => {
  test('is chosen by name, and shown with all the names there are', async () => {
    expect((await put('playing?fault=no_answer&concerned=first')).status).toBe(204);
    expect(await played()).toMatchObject({
      choice: { kind: 'fault', fault: 'no_answer', concerned: 'first' },
      profile: { rules: [{ when: { attempt: 1 }, answer: { fault: 'no_answer' } }] },
      atHand: ['rush hour'],
      faults: expect.arrayContaining(['normal', 'unknown', 'key_not_found']) as string[],
    });
    file = '{"rateCap":5}';
    expect((await put('playing?profile=rush%20hour')).status).toBe(204);
    expect(await played()).toMatchObject({ choice: { kind: 'profile', name: 'rush hour' }, profile: { rateCap: 5 } });
  });

  test.each([
    ['playing?fault=fire', 404, 'fault: there is no fire; choose one of normal, unknown'],
    ['playing?fault=slow&concerned=me', 404, 'concerned: there is no me; choose one of all, first, half, tenth'],
    ['playing?profile=toString', 404, 'profile: there is no toString; choose one of rush hour'],
    ['playing', 400, 'give ?fault='],
    ['playing?fault=slow&profile=x', 400, 'give ?fault='],
  ])('PUT %s is refused with %i, says what there is, and changes nothing', async (path, status, problem) => {
    const before = await played();
    const answer = await put(path);
    expect(answer.status).toBe(status);
    expect((JSON.parse(answer.text) as { problem: string }).problem).toContain(problem);
    expect(await played()).toEqual(before);
  });

  test.each([
    ['{', 'profile', 'expected JSON'],
    ['{"rulez":[]}', 'rulez', 'not known here; there is rules, default, rateCap, delayMs'],
    ['{"rules":[{"answer":{"code":"SUCCESS","delay":3}}]}', 'rules[0].answer.delay', 'there is fault, result, code'],
    ['{"rules":[{}]}', 'rules[0].answer', 'missing: say what is answered, such as'],
    ['{"default":{"code":"NEW_CODE"}}', 'default.code', 'give its "result" (S, F or U) as well'],
    ['{"rateCap":0}', 'rateCap', 'expected number to be >0'],
  ])('the profile %s is refused by field, with what to do, and changes nothing', async (profile, path, problem) => {
    file = profile;
    const before = await played();
    for (const answer of [await put('profile', profile), await put('playing?profile=rush%20hour')]) {
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.text)).toEqual({
        problem: 'this profile cannot be played; what was played before goes on',
        problems: [{ path, problem: expect.stringContaining(problem) as string }],
        remedy: expect.stringContaining('simulate --help') as string,
      });
    }
    expect(await played()).toEqual(before);
  });

  test('a profile whose file is gone is refused too', async () => {
    file = undefined;
    const { status, text } = await put('playing?profile=rush%20hour');
    expect([status, text]).toEqual([400, expect.stringContaining('rush hour cannot be read')]);
  });
});
