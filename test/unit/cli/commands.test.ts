import { expect, test } from 'vitest';
import { commandsFor } from '../../../src/cli/commands.ts';

const ALL = [
  ...['run', 'doctor', 'trace', 'inspect'],
  ...['dead-letters list', 'dead-letters show', 'dead-letters redrive', 'dead-letters discard'],
  ...['replay plan', 'replay run', 'replay reset', 'emit', 'simulate'],
];

async function names(word: string | undefined): Promise<string[]> {
  return (await commandsFor(word)).map(({ name }) => name);
}

test.each([...new Set(ALL.map((name) => name.split(' ')[0]))])(
  '%s loads its own commands and no others',
  async (word) => {
    expect(await names(word)).toEqual(ALL.filter((name) => name.split(' ')[0] === word));
  },
);

test.each([undefined, '--help', 'help', 'reply', 'constructor'])(
  '%s loads all, as help has to name them',
  async (word) => {
    expect(await names(word)).toEqual(ALL);
  },
);
