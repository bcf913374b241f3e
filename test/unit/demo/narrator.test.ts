import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Narrator } from '../../../deploy/demo/narrator.ts';
import { Stage } from '../../../deploy/demo/stage.ts';
import type { ReceivedRequest } from '../../../src/simulator/request-log.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const at = (ms: number): string => new Date(START + ms).toISOString();

function storyteller(isTTY = false, env: NodeJS.ProcessEnv = {}) {
  const out = Object.assign(new PassThrough(), { isTTY });
  const stage = new Stage(out as unknown as NodeJS.WriteStream, env);
  const narrator = new Narrator(stage, (id) => id.startsWith('LOAD-'));
  const told = (): string[] => {
    const text = (out.read() as Buffer | null)?.toString() ?? '';
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.replace(/^ *-?[\d.]+ s {2}/, '').replace(/until [\d.-]+ s/, 'until then'));
  };
  return { narrator, told };
}

function request(
  paymentId: string,
  attempt: number,
  answered: string,
  ms: number,
  bodySha256 = 'sha',
): ReceivedRequest {
  return {
    ...{ seq: 1, at: START + ms, receivedAtMonotonicMs: ms, paymentId, attempt, keyVersion: '1', requestTime: '' },
    ...{ bodySha256, body: '', verification: 'verified', answered },
  };
}

const attempt = (paymentId: string, number: number, disposition: string, more: object = {}) => ({
  ...{ level: 'info', event: 'attempt', paymentId, attempt: number, disposition },
  ...more,
});

describe('the narrator of the demo', () => {
  it('tells a retry: what was answered, until when it is parked, and that it came in time with the same bytes', () => {
    const { narrator, told } = storyteller();
    narrator.seen(request('P', 1, 'U UNKNOWN_EXCEPTION', 0));
    narrator.heard(
      attempt('P', 1, 'retry', { notBefore: at(2_000), retryTier: '2s', resultCode: 'UNKNOWN_EXCEPTION' }),
    );
    narrator.seen(request('P', 2, 'S SUCCESS', 2_004));
    narrator.heard(attempt('P', 2, 'complete'));
    expect(told()).toEqual([
      'P         1st request → U UNKNOWN_EXCEPTION: result unknown, parked in tier 2s until then',
      'P         2nd request, same bytes, 4 ms after its time → S SUCCESS: delivered',
    ]);
    expect(narrator.ended).toEqual(new Set(['P']));
  });

  it('tells an event that waits behind another of its key: unsent, and sent when it is its turn', () => {
    const { narrator, told } = storyteller();
    const waits = { level: 'info', event: 'behind_parked_key', paymentId: 'P', waitsIn: '2s', notBefore: at(2_000) };
    narrator.heard(waits);
    expect(narrator.ended).toEqual(new Set());
    narrator.seen(request('P', 1, 'S SUCCESS', 2_004));
    narrator.heard(attempt('P', 1, 'complete'));
    narrator.heard(waits);
    narrator.heard({ ...waits, paymentId: 'LOAD-1' });
    expect(told()).toEqual([
      'P         not sent: waits in tier 2s until then, behind an earlier payment of its key',
      'P         1st request → S SUCCESS: delivered',
      'P         ALREADY SENT: waits in tier 2s until then, behind an earlier payment of its key',
    ]);
  });

  it('does not gloss over other bytes, an early retry, or a request the gateway never saw', () => {
    const { narrator, told } = storyteller();
    narrator.seen(request('P', 1, 'S SUCCESS none', 0));
    narrator.heard(attempt('P', 1, 'retry', { notBefore: at(2_000), retryTier: '2s', reason: 'untrusted_response' }));
    narrator.seen(request('P', 2, 'S SUCCESS', 1_990, 'other'));
    narrator.heard(attempt('P', 2, 'complete'));
    narrator.heard(attempt('Q', 1, 'complete'));
    expect(told()).toEqual([
      'P         1st request → S SUCCESS, unsigned: not believed, parked in tier 2s until then',
      'P         2nd request, OTHER BYTES, 10 ms TOO EARLY → S SUCCESS: delivered',
      'Q         1st request, which the gateway never saw: delivered',
    ]);
  });

  it('tells why a dead letter is one, by its place where it has no payment id', () => {
    const { narrator, told } = storyteller();
    const letter = { level: 'warn', event: 'dead_letter', attempts: 0 };
    narrator.heard({ ...letter, origin: 'payment-final:2:7', reason: 'undecodable', detail: 'magic' });
    expect(told()).toEqual(['2:7       dead letter, never sent: its bytes are no event (undecodable, magic)']);
    expect(narrator.ended).toEqual(new Set(['2:7']));
  });

  it('tells a hold, its probes, and what was already on its way when it began', () => {
    const { narrator, told } = storyteller();
    narrator.seen(request('P', 1, 'F KEY_NOT_FOUND none', 0));
    narrator.heard(attempt('P', 1, 'hold'));
    narrator.heard({ level: 'error', event: 'hold_began', reason: 'KEY_NOT_FOUND', time: at(5) });
    narrator.seen(request('Q', 1, 'F KEY_NOT_FOUND none', 6));
    narrator.heard(attempt('Q', 1, 'hold'));
    expect(narrator.held).toBe(true);
    narrator.seen(request('P', 2, 'F KEY_NOT_FOUND none', 1_100));
    narrator.heard(attempt('P', 2, 'hold'));
    narrator.seen(request('P', 3, 'S SUCCESS', 3_400));
    narrator.heard(attempt('P', 3, 'complete'));
    narrator.heard({ level: 'info', event: 'hold_ended', heldMs: 3_400, time: at(3_410) });
    expect(narrator.held).toBe(false);
    expect(told()).toEqual([
      'P         1st request → F KEY_NOT_FOUND: not the fault of this payment',
      'service   HOLD, KEY_NOT_FOUND: nothing is sent, parked or committed now',
      'Q         1st request → F KEY_NOT_FOUND: not the fault of this payment',
      'P         2nd request as a probe → F KEY_NOT_FOUND: still held',
      'P         3rd request as a probe → S SUCCESS: delivered',
      'service   RESUMED unaided; for 3.4 s nothing was sent but 2 probe(s)',
    ]);
  });

  it('tells warnings, and nothing of the load', () => {
    const { narrator, told } = storyteller();
    narrator.heard(attempt('LOAD-1', 1, 'complete'));
    narrator.heard({ level: 'info', msg: 'joined the group' });
    narrator.heard({ level: 'warn', msg: 'waiting for the brokers' });
    expect(told()).toEqual(['service   warn: waiting for the brokers']);
  });

  it('is coloured on a terminal only, and not where NO_COLOR is set', () => {
    const lines = [storyteller(true), storyteller(true, { NO_COLOR: '1' }), storyteller(false)].map((each) => {
      each.narrator.heard(attempt('Q', 1, 'complete'));
      return each.told().join('').includes('\x1b[');
    });
    expect(lines).toEqual([true, false, false]);
  });
});
