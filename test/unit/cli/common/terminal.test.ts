import { expect, test } from 'vitest';
import { Terminal } from '../../../../src/cli/common/terminal.ts';
import { Kept } from '../../../support/scripted-host.ts';

test('progress is shown on a terminal and gives way to the next line', () => {
  const out = new Kept(true);
  const terminal = new Terminal(out, {});
  terminal.progress(() => '1 of 2');
  terminal.progress(() => 'too soon after the one before');
  terminal.line('done');
  expect(out.text).toBe('1 of 2\u001b[1G\u001b[2Kdone\n');
});

test('progress is not written to a file', async () => {
  const out = new Kept();
  const terminal = new Terminal(out, {});
  terminal.progress(() => '1 of 2');
  await terminal.flush();
  expect(out.text).toBe('');
});

test('colours are for terminals', () => {
  expect(new Terminal(new Kept(true), {}).paint('red', 'F')).toBe('\u001b[31mF\u001b[39m');
  expect(new Terminal(new Kept(true), { NO_COLOR: '1' }).paint('red', 'F')).toBe('F');
  expect(new Terminal(new Kept(), {}).paint('red', 'F')).toBe('F');
});
