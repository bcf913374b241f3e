import { spawnSync } from 'node:child_process';
import { Command, CommanderError } from 'commander';
import { expect, test } from 'vitest';
import { numberFrom, oneOf, several, strict, wholeFrom } from '../../support/command-line.ts';

function read(value: string, parse: (text: string) => unknown): unknown {
  const command = strict(new Command('x').option('--value <v>', '', parse)).configureOutput({
    writeErr: () => undefined,
  });
  return command.parse(['--value', value], { from: 'user' }).opts<{ value: unknown }>().value;
}

test.each([
  ['0.2', numberFrom(0.2, 10), 0.2],
  ['10', numberFrom(0.2, 10), 10],
  ['0', wholeFrom(0, 3), 0],
  ['16, 1,16', several(wholeFrom(1, 200)), [16, 1]],
  ['key', oneOf(['key', 'partition']), 'key'],
])('%s is taken as it is meant', (text, parse, value) => {
  expect(read(text, parse)).toEqual(value);
});

test.each([
  ['', numberFrom(0, 10), 'a number from 0 to 10'],
  ['11', numberFrom(0, 10), 'a number from 0 to 10'],
  ['much', numberFrom(0, 10), 'a number from 0 to 10'],
  ['1.5', wholeFrom(0, 10), 'a whole number from 0 to 10'],
  ['-1', wholeFrom(-1, 10), 'a whole number from -1 to 10'],
  ['1e1', wholeFrom(0, 10), 'a whole number from 0 to 10'],
  ['1,,2', several(wholeFrom(1, 10)), 'a whole number from 1 to 10'],
  ['kee', oneOf(['key', 'partition']), 'one of: key, partition'],
])('"%s" is refused, and what is wanted is said', (text, parse, wanted) => {
  expect(() => read(text, parse)).toThrow(
    expect.objectContaining({ message: expect.stringContaining(wanted) as string }),
  );
  expect(() => read(text, parse)).toThrow(CommanderError);
});

const PROGRAM = `
import { Command } from 'commander';
import { parseOrExit } from './test/support/command-line.ts';
parseOrExit(new Command('program').option('--value <v>'));
process.exit(7);
`;

test.each([
  [['--value', '1'], 7, '', ''],
  [['--help'], 0, 'Usage: program', ''],
  [['--valeu', '1'], 2, '', "unknown option '--valeu'"],
])('a program that is called with %j ends with %d', (args, code, out, err) => {
  const node = ['--import', 'tsx', '--input-type=module', '-e', PROGRAM, '--'];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...node, ...args], { encoding: 'utf8' });
  expect(status, stderr).toBe(code);
  expect(stdout).toContain(out);
  expect(stderr).toContain(err);
});
