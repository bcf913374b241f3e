import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { taskCommand, type Task } from '../../../../src/cli/common/command.ts';
import { runProgram } from '../../../../src/cli/common/program.ts';
import type { Result } from '../../../../src/cli/common/result.ts';
import { Misconfigured } from '../../../../src/core/misconfigured.ts';
import { scriptedHost, type ScriptedHost } from '../../../support/scripted-host.ts';

type Work = (task: Task<{ readonly json?: true }, 'source' | 'log'>) => Promise<Result>;

function run(work: Work, host: ScriptedHost = scriptedHost(), ...args: string[]): Promise<number> {
  const command = taskCommand({
    name: 'work',
    summary: 'works',
    usage: (command) => command.option('--json', 'for programs'),
    help: '',
    sections: ['source', 'log'],
    run: work,
  });
  return runProgram({ name: 'tool', description: '', version: '1' }, [command], ['work', ...args], host);
}

function failing(error: Error): Work {
  return () => Promise.reject(error);
}

test('it gets the sections it named, from the environment of its host, and nothing else', async () => {
  const host = scriptedHost({ env: { SOURCE_TOPIC: 'events', GATEWAY_URL: 'not read' } });
  const code = await run(({ settings }) => Promise.resolve({ text: [JSON.stringify(settings)] }), host);
  expect(code).toBe(0);
  expect(JSON.parse(host.written.out.text)).toMatchObject({ source: { topic: 'events' }, log: { level: 'info' } });
  expect(Object.keys(JSON.parse(host.written.out.text) as object)).toEqual(['source', 'log']);
});

test.each([{}, { givesWay: true as const }])('it gives way to the service where it says so: %o', async (way) => {
  const host = scriptedHost();
  const declared = { name: 'work', summary: 'works', help: '', sections: [], ...way };
  const gaveWay = () => Promise.resolve({ text: [String(host.gaveWay)] });
  await taskCommand({ ...declared, run: gaveWay }).act([{}, undefined], host);
  expect(host.written.out.text).toBe(`${String('givesWay' in way)}\n`);
});

describe('exit codes', () => {
  test.each([
    ['done', 0],
    ['failed', 1],
    ['found', 3],
  ] as const)('a result says %s: %i', async (exit, code) => {
    expect(await run(() => Promise.resolve({ exit, text: [] }))).toBe(code);
  });

  test('settings that are wrong: 2, before anything is done, every problem on a line', async () => {
    const host = scriptedHost({ env: { SOURCE_TOPIC: '..', LOG_LEVEL: 'loud' } });
    expect(await run(failing(new Error('it began')), host)).toBe(2);
    expect(host.written.err.text).toMatch(
      /^payment-notifier work: SOURCE_TOPIC: .*\npayment-notifier work: LOG_LEVEL: .*\n$/,
    );
  });

  test('what was given has to be mended: 2, every problem on a line', async () => {
    const host = scriptedHost();
    expect(await run(failing(new Misconfigured(['--a: wrong', '--b: wrong'])), host)).toBe(2);
    expect(host.written.err.text).toBe('payment-notifier work: --a: wrong\npayment-notifier work: --b: wrong\n');
  });

  test('a failure: 1, in one line', async () => {
    const host = scriptedHost();
    expect(await run(failing(Object.assign(new Error('no broker'), { request: 'secret' })), host)).toBe(1);
    expect(host.written.err.text).toBe('payment-notifier work: no broker\n');
  });
});

describe('a result is printed', () => {
  const result: Result = { text: ['one thing'], json: { things: 1 } };

  test('as text, or with --json as one line of JSON', async () => {
    const [text, json] = [scriptedHost(), scriptedHost()];
    await run(() => Promise.resolve(result), text);
    await run(() => Promise.resolve(result), json, '--json');
    expect([text.written.out.text, json.written.out.text]).toEqual(['one thing\n', '{"things":1}\n']);
  });
});

describe('a signal', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s: what is left consistent is told, and %i', async (signal, code) => {
    const host = scriptedHost();
    const ended = run(async (task) => {
      host.signal(signal);
      await Promise.resolve();
      return { text: [`aborted: ${String(task.signal.aborted)}`] };
    }, host);
    expect(await ended).toBe(code);
    expect(host.written.out.text).toBe('aborted: true\n');
  });

  test('that breaks off what waited for it is no failure', async () => {
    const host = scriptedHost();
    const ended = run(({ signal }) => {
      host.signal('SIGINT');
      signal.throwIfAborted();
      return Promise.resolve({ text: [] });
    }, host);
    expect(await ended).toBe(130);
    expect(host.written.err.text).toBe('');
  });

  test('ends within a second what does not end by itself', async () => {
    const host = scriptedHost();
    const began = performance.now();
    const ended = run(() => {
      host.signal('SIGTERM');
      return new Promise(() => undefined);
    }, host);
    expect(await ended).toBe(143);
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  test('for the second time ends the process at once', async () => {
    const host = scriptedHost();
    await run(async ({ signal }) => {
      setImmediate(() => host.signal('SIGINT'));
      await once(signal, 'abort');
      expect(host.exits).toEqual([]);
      host.signal('SIGTERM');
      return { text: [] };
    }, host);
    expect(host.exits).toEqual([143]);
  });
});
