import { expect, test } from 'vitest';
import { troubleOf } from '../../../src/ops/trouble.ts';
import { ATTEMPT, captureLog, RECORD, SECRET } from '../../support/captured-log.ts';
import { createLog } from '../../../src/ops/log.ts';
import type { Trouble } from '../../../src/ops/trouble.ts';

test('each warning and error is told, with the remedy of its line or of the table; nothing else is', () => {
  const told: Trouble[] = [];
  const log = createLog({ level: 'silent', stream: { write: () => undefined }, onTrouble: (one) => told.push(one) });
  log.observe(ATTEMPT);
  log.observe({ kind: 'waiting', for: 'registry', record: RECORD, error: new Error('refused') });
  log.info('fine');
  log.warn('waiting for the brokers', { remedy: 'start them' });
  expect(told).toEqual([
    {
      event: 'waiting',
      detail: expect.stringMatching(/waiting.*for: registry.*refused/) as string,
      remedy: expect.stringMatching(/./) as string,
    },
    { event: 'other', detail: 'waiting for the brokers', remedy: 'start them' },
  ]);
  expect(captureLog().lines({ ...ATTEMPT })).toHaveLength(1);
});

test('a payment and what may be secret are left out, and a long story is cut', () => {
  const line = { reason: 'outage', paymentId: 'P-1', password: SECRET, headers: { signature: SECRET } };
  const { detail } = troubleOf('hold_began', 'held', line);
  expect(detail).toBe('held (reason: outage)');
  expect(troubleOf('dead_letter', 'x'.repeat(900), {}).detail).toHaveLength(500);
  expect(troubleOf('expired', 'gone', {}).remedy).toMatch(/./);
});
