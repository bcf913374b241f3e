import { type ChildProcessByStdio, spawn } from 'node:child_process';

import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { runProgram } from '../../../src/cli/common/program.ts';
import { simulate as command } from '../../../src/cli/simulate.ts';
import { rsaKeyPair } from '../../support/keys.ts';
import { scriptedHost } from '../../support/scripted-host.ts';

const CLI = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'simulate-'));
const keyFile = join(dir, 'client.pem');

beforeAll(() => {
  const { publicKey } = rsaKeyPair();
  writeFileSync(keyFile, publicKey.export({ type: 'spki', format: 'pem' }));
});
afterAll(() => rmSync(dir, { recursive: true }));

interface Running {
  child: ChildProcessByStdio<null, Readable, Readable>;
  out: () => string;
  err: () => string;
  exit: Promise<number | null>;
}

function simulate(...args: string[]): Running {
  const child = spawn(process.execPath, ['--import', 'tsx', CLI, 'simulate', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const texts = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (texts.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (texts.err += chunk.toString()));
  const exit = once(child, 'close').then(([code]) => code as number | null);
  return { child, out: () => texts.out, err: () => texts.err, exit };
}

/** Runs the command here, for what ends before anything is listening. */
async function failing(...args: string[]): Promise<{ exitCode: number; lines: string[] }> {
  const host = scriptedHost();
  const about = { name: 'tool', description: '', version: '1' };
  const all = ['simulate', '--state-dir', join(dir, 'state'), ...args];
  const exitCode = await runProgram(about, [command], all, host);
  return { exitCode, lines: host.written.err.text.trimEnd().split('\n') };
}

const running = (...args: string[]) =>
  simulate('--port', '0', '--public-key', keyFile, '--state-dir', join(dir, 'state'), ...args);

const addresses = (text: string) =>
  Object.fromEntries([...text.matchAll(/^(GATEWAY_\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));

/** Sends something that is no good notification; the simulator records it all the same. */
async function knock(env: Record<string, string>): Promise<number | undefined> {
  const url = `${env['GATEWAY_URL']!}/aps/api/v1/payments/notifyPushPayment`;
  const sending = request(url, { method: 'POST', ca: readFileSync(env['GATEWAY_CA_FILE']!), agent: false });
  sending.end('{"paymentId":"P-\\u001b[31m1"}');
  const [response] = (await once(sending, 'response')) as [IncomingMessage];
  await response.toArray();
  return response.statusCode;
}

describe('simulate', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'prints addresses that work, a line a request, and ends on %s with %i',
    async (signal, code) => {
      const { child, out, err, exit } = running();
      await vi.waitUntil(() => out().includes('GATEWAY_PUBLIC_KEYS_DIR='), 20_000);
      const env = addresses(out());
      expect(env['GATEWAY_URL']).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
      expect(env['GATEWAY_CLIENT_ID']).toBe('SANDBOX_DEMO');
      expect(existsSync(join(env['GATEWAY_PUBLIC_KEYS_DIR']!, 'gateway.pem'))).toBe(true);
      expect(out()).toContain(`# what comes in, and buttons for faults: ${env['GATEWAY_URL']!}/_simulator/\n`);

      expect(await knock(env)).toBe(200);
      await vi.waitUntil(() => out().includes('MEDIA_TYPE'));
      expect(out().trimEnd().split('\n').at(-1)).toMatch(/^\d{4}-\S+Z {2}P-\?\[31m1 +#0 +F MEDIA_TYPE_NOT_ACCEPTABLE$/);
      child.kill(signal);
      expect(await exit).toBe(code);
      expect(err()).toBe('');
    },
    30_000,
  );

  test('the first profile is played, the others are at hand, read again when they are played', async () => {
    const [first, second] = ['first.json', 'second.json'].map((name) => join(dir, name)) as [string, string];
    writeFileSync(first, '{"delayMs":1}');
    writeFileSync(second, '{"delayMs":2}');
    const { child, out, exit } = running('--profile', first, second);
    await vi.waitUntil(() => out().includes('GATEWAY_PUBLIC_KEYS_DIR='), 20_000);
    const env = addresses(out());
    const ask = async (method: string, path: string): Promise<string> => {
      const url = `${env['GATEWAY_URL']!}/_simulator/${path}`;
      const sending = request(url, { method, ca: readFileSync(env['GATEWAY_CA_FILE']!), agent: false });
      sending.end();
      const [response] = (await once(sending, 'response')) as [IncomingMessage];
      return Buffer.concat((await response.toArray()) as Buffer[]).toString();
    };
    expect(JSON.parse(await ask('GET', 'playing'))).toMatchObject({
      choice: { kind: 'profile', name: 'first' },
      profile: { delayMs: 1 },
      atHand: ['first', 'second'],
    });
    writeFileSync(second, '{"delayMs":3}');
    expect(await ask('PUT', 'playing?profile=second')).toBe('');
    expect(JSON.parse(await ask('GET', 'playing'))).toMatchObject({ profile: { delayMs: 3 } });
    child.kill('SIGTERM');
    expect(await exit).toBe(143);
  }, 30_000);

  test('--json prints JSON lines only', async () => {
    const { child, out, err, exit } = running('--json');
    await vi.waitUntil(() => err().includes('GATEWAY_PUBLIC_KEYS_DIR='), 20_000);
    await knock(addresses(err()));
    await vi.waitUntil(() => out().endsWith('\n'));
    expect(JSON.parse(out())).toMatchObject({ seq: 1, answered: 'F MEDIA_TYPE_NOT_ACCEPTABLE' });
    child.kill('SIGTERM');
    expect(await exit).toBe(143);
  }, 30_000);

  test.each<[string, string[], RegExp[]]>([
    ['no public key', [], [/--public-key is missing/]],
    ['a public key that is not there', ['--public-key', 'nowhere.pem'], [/nowhere\.pem does not exist/]],
    [
      'a port that is none',
      ['--public-key', keyFile, '--port', 'https'],
      [/--port .*'https' is invalid. write a number from 0 to 65535/, /--help/],
    ],
    [
      'a profile that is not there',
      ['--public-key', keyFile, '--profile', 'nowhere.json'],
      [/nowhere\.json cannot be read/],
    ],
    [
      'a wrong profile, every problem on a line of its own',
      ['--public-key', keyFile, '--profile', join(dir, 'wrong.json')],
      [/wrong\.json: rules\[0\]\.answer\.fault: .*--help/, /wrong\.json: rateCap: .*--help/],
    ],
    [
      'a wrong profile among those that wait, and two of one name',
      ['--public-key', keyFile, '--profile', join(dir, 'good.json'), join(dir, 'wrong.json'), 'elsewhere/good.json'],
      [
        /wrong\.json: rules/,
        /wrong\.json: rateCap/,
        /two files are named good/,
        /elsewhere\/good\.json cannot be read/,
      ],
    ],
  ])(
    '%s: exit code 2',
    async (_name, args, lines) => {
      writeFileSync(join(dir, 'good.json'), '{}');
      writeFileSync(join(dir, 'wrong.json'), '{"rules":[{"answer":{"fault":"explode"}}],"rateCap":0}');
      const failure = await failing(...args);
      expect(failure.exitCode).toBe(2);
      expect(failure.lines).toHaveLength(lines.length);
      lines.forEach((line, index) => expect(failure.lines[index]).toMatch(line));
    },
    30_000,
  );

  test('a port that is taken: exit code 1, and what to do', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const failure = await failing('--public-key', keyFile, '--port', String(port));
    expect(failure.exitCode).toBe(1);
    expect(failure.lines).toEqual([expect.stringContaining(`port ${port} is taken: choose another with --port`)]);
    taken.close();
  });
});
