import type { Copy } from '../core/copies.ts';
import type { Turn } from '../core/parked-keys.ts';
import { MAIN_TIER } from '../core/topology.ts';
import { orderKey } from './order-key.ts';
import type { Ownership, Ports } from './ports.ts';
import { pause } from './waiting.ts';
import type { Sendable } from './work.ts';

const PAUSE_MS = 50;

/**
 * Waits until it is clear what the order of the key allows. A record of the source also waits while so many events are
 * parked that no more may be.
 *
 * @param copy the parked copy that the record is; a record of a retry topic that is none is free to be sent
 */
export async function waitForTurn(
  { record, event, tier }: Sendable,
  copy: Copy | undefined,
  ports: Pick<Ports, 'parkedKeys' | 'observe' | 'waits'>,
  { closing }: Ownership,
): Promise<Exclude<Turn, { kind: 'wait' }>> {
  const parkedKeys = ports.parkedKeys.of(record.partition);
  if (copy !== undefined) parkedKeys.join(copy);
  else if (tier !== MAIN_TIER) return { kind: 'send' };
  const key = orderKey(record.key, event.paymentId);
  let end: (() => void) | undefined;
  try {
    for (;;) {
      const turn = copy === undefined ? parkedKeys.turnOfSource(key, record.offset) : parkedKeys.turnOf(copy);
      const isFull = copy === undefined && turn.kind !== 'superseded' && ports.parkedKeys.full;
      if (isFull) {
        end ??= ports.waits.begin(record, 'parked_full');
        ports.observe({ kind: 'waiting', for: 'parked', record, error: new Error('too many events are parked') });
      } else if (turn.kind !== 'wait') return turn;
      await pause(PAUSE_MS, closing);
    }
  } finally {
    end?.();
  }
}
