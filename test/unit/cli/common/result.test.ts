import { expect, test } from 'vitest';
import { print, type Result } from '../../../../src/cli/common/result.ts';
import { Terminal } from '../../../../src/cli/common/terminal.ts';
import { Kept } from '../../../support/scripted-host.ts';

const result: Result = {
  text: [
    'Letters:',
    {
      head: ['record', 'attempts', 'reason'],
      rows: [
        ['payment-final.dead-letter:0:12', 3, 'rejected'],
        ['p:1:7', 120, ''],
      ],
    },
  ],
  json: [{ record: 'p:1:7' }],
};

function printed(result: Result, asJson = false, isTTY = false, env = {}): string {
  const out = new Kept(isTTY);
  print(result, asJson, new Terminal(out, env));
  return out.text;
}

test('a table stands in columns, numbers to the right, without borders, colours or spaces at the end', () => {
  expect(printed(result)).toBe(
    [
      'Letters:',
      'record                          attempts  reason',
      'payment-final.dead-letter:0:12         3  rejected',
      'p:1:7                                120',
      '',
    ].join('\n'),
  );
});

test('its head is bold on a terminal, unless NO_COLOR is set', () => {
  const bold = '\u001b[1mrecord\u001b[22m';
  expect(printed(result, false, true)).toContain(bold);
  expect(printed(result, false, true, { NO_COLOR: '' })).toContain(bold);
  expect(printed(result, false, true, { NO_COLOR: '1' })).not.toContain('\u001b');
});

test('without rows there is the head', () => {
  expect(printed({ text: [{ head: ['a', 'b'], rows: [] }] })).toBe('a  b\n');
});

test('as JSON it is one line; a result that has none is text all the same', () => {
  expect(printed(result, true)).toBe('[{"record":"p:1:7"}]\n');
  expect(printed({ text: ['nothing'] }, true)).toBe('nothing\n');
});
