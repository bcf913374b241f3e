import { CommanderError } from 'commander';
import { expect, test } from 'vitest';
import { usualCells } from '../../bench/matrix.ts';
import { benchCommand, planOf, type Plan } from '../../bench/options.ts';
import { strict } from '../../support/command-line.ts';

const MAJORS = [24, 20];

function plan(...args: string[]): Plan {
  const command = strict(benchCommand(MAJORS)).configureOutput({ writeErr: () => undefined });
  return planOf(command.parse(args, { from: 'user' }), MAJORS);
}

test('without arguments the usual cells are measured, three times each', () => {
  expect(plan()).toMatchObject({ rounds: 3, write: false, json: false, extent: { rate: 100, fullSeconds: 4 } });
  expect(plan().cells).toEqual(usualCells(24, 20));
});

test('dimensions that are chosen make the cells', () => {
  const { cells } = plan('--programs', 'bare,key', '--partitions', '1', '--gateway-ms', '50', '--node', '20');
  expect(cells.map(({ program, partitions, gatewayMs, node }) => [program, partitions, gatewayMs, node])).toEqual([
    ['bare', 1, 50, 20],
    ['key', 1, 50, 20],
  ]);
});

test('a rate that the gateway does not allow is not measured', () => {
  const { cells } = plan('--programs', 'partition', '--partitions', '1', '--gateway-ms', '200', '--rate', '10');
  expect(cells.map(({ phases }) => phases)).toEqual([['idle', 'backlog']]);
});

test.each([
  [['--programs', 'bare,baer'], 'Write one of: bare, kafkajs, partition, key.'],
  [['--node', '22'], 'Write one of: 24, 20.'],
  [['--partitions', '0'], 'a whole number from 1 to 1000'],
  [['--gateway-ms', '0,fast'], 'a whole number from 0 to 4000'],
  [['--backlog', '10'], 'a whole number from 1000'],
  [['--members', ''], 'a whole number from 1 to 16'],
  [['--rounds', '1.5'], 'a whole number from 1 to 100'],
  [['--rate', '0'], 'a number from 1 to 10000'],
  [['--phases', 'all'], 'Write one of: idle, rate, backlog.'],
  [['--full', '--partitions', '1'], 'cannot be used with'],
  [['--short', '--write'], 'cannot be used with'],
  [['--write', '--tiers', '1'], 'cannot be used with'],
  [['--fast'], 'unknown option'],
])('%j is refused, and what is wrong is said', (args, said) => {
  expect(() => plan(...args)).toThrow(expect.objectContaining({ message: expect.stringContaining(said) as string }));
  expect(() => plan(...args)).toThrow(CommanderError);
});
