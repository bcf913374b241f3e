import type { Letter } from '../../../../src/operate/dead-letters/letters.ts';

/** A letter of the source's partition 0; it stands at the same offset as its event. */
export function letter(offset: number, fields: Partial<Letter> = {}): Letter {
  const place = { topic: 'pf.dead-letter', partition: 0, offset };
  return {
    ...{ record: `pf.dead-letter:0:${String(offset)}`, place, origin: { topic: 'pf', partition: 0, offset } },
    ...{ key: `K-${String(offset)}`, paymentId: `P-${String(offset)}`, reason: 'rejected', code: 'PROCESS_FAIL' },
    ...{ attempts: 1, at: 1_000 + offset, redriveCount: 0, redriveId: null, hasValue: true, closed: null },
    ...fields,
  };
}
