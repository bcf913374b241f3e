import { describe, expect, test } from 'vitest';
import { taskCommand } from '../../../../src/cli/common/command.ts';
import { wholeNumber } from '../../../../src/cli/common/numbers.ts';
import { runProgram } from '../../../../src/cli/common/program.ts';
import { scriptedHost } from '../../../support/scripted-host.ts';

const about = { name: 'tool', description: 'does things', version: '1.2.3' };
const work = taskCommand<{ readonly count?: number }, never>({
  name: 'work',
  summary: 'works',
  usage: (command) => command.argument('<what>').option('--count <n>', 'how often', wholeNumber),
  help: 'Example: tool work stone --count 2',
  sections: [],
  run: ({ args, options }) => Promise.resolve({ text: [`${args.join()} ${String(options.count)}`] }),
});

async function run(...args: string[]) {
  const host = scriptedHost();
  const code = await runProgram(about, [work], args, host);
  return { code, out: host.written.out.text, err: host.written.err.text };
}

const part = (name: string) =>
  taskCommand({
    name,
    summary: `does ${name}`,
    help: 'Example',
    sections: [],
    run: () => Promise.resolve({ text: [name] }),
  });

describe('commands of a group', () => {
  const grouped = async (...args: string[]) => {
    const host = scriptedHost();
    const code = await runProgram(about, [work, part('group one'), part('group two')], args, host);
    return { code, out: host.written.out.text, err: host.written.err.text };
  };

  test('are called by both words', async () => {
    expect(await grouped('group', 'two')).toEqual({ code: 0, out: 'group two\n', err: '' });
  });

  test('are named where the whole and the group are explained', async () => {
    expect((await grouped('--help')).out).toMatch(/group .*one, two/);
    expect((await grouped('group', '--help')).out).toMatch(/one .*does group one[^]*two .*does group two/);
  });

  test.each([['group'], ['group three'], ['group three --help'], ['group one --nope --help']])(
    '%s is wrong usage',
    async (line) => {
      expect((await grouped(...line.split(' '))).code).toBe(2);
    },
  );
});

test('a command gets its arguments and options', async () => {
  expect(await run('work', 'stone', '--count', '2')).toEqual({ code: 0, out: 'stone 2\n', err: '' });
});

describe('what is no command or option ends with 2 and the way to the help', () => {
  test.each([
    ['an unknown command', ['nonsense'], "unknown command 'nonsense'"],
    ['an unknown command with --help', ['nonsense', '--help'], "unknown command 'nonsense'"],
    ['an unknown command with -h before it', ['-h', 'nonsense'], "unknown command 'nonsense'"],
    ['an unknown option', ['work', 'stone', '--nope'], "unknown option '--nope'"],
    ['an unknown option with --help', ['work', '--nope', '--help'], "unknown option '--nope'"],
    ['an unknown option after --help', ['work', '--help', '--nope'], "unknown option '--nope'"],
    ['an unknown option of the whole with --help', ['--nope', '--help'], "unknown option '--nope'"],
    ['a value that is none', ['work', 'stone', '--count', '0'], 'write a whole number from 1 on'],
    ['an argument too many', ['work', 'stone', 'wood'], 'too many arguments'],
    ['a missing argument', ['work'], 'missing required argument'],
  ])('%s', async (_, args, says) => {
    const { code, out, err } = await run(...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(says);
    expect(err).toContain('--help shows what there is');
  });

  test('nothing at all: the list of commands, on standard error', async () => {
    const { code, err } = await run();
    expect(code).toBe(2);
    expect(err).toMatch(/work .*works/);
  });
});

describe('what is shown on request ends with 0', () => {
  test.each([[['--help']], [['-h']], [['help']]])('%j: the commands', async (args) => {
    const { code, out, err } = await run(...args);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/work .*works/);
  });

  test.each([[['work', '--help']], [['work', 'stone', '-h']], [['help', 'work']]])('%j: examples too', async (args) => {
    const { code, out } = await run(...args);
    expect(code).toBe(0);
    expect(out).toMatch(/--count.*\n[^]*Example: tool work stone --count 2\n$/);
  });

  test('--version', async () => {
    expect(await run('--version')).toEqual({ code: 0, out: '1.2.3\n', err: '' });
  });
});
