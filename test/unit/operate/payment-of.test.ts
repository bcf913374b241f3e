import { describe, expect, test } from 'vitest';
import { paymentReader, type Payment } from '../../../src/operate/payment-of.ts';
import type { KafkaRecord } from '../../../src/core/record.ts';
import type { Decoder } from '../../../src/kafka/avro/decoder.ts';
import { pass, paymentFinal, SOURCE, sourceRecord, useVirtualTime } from '../../support/fixtures.ts';

useVirtualTime();

async function read(decode: Decoder['decode'], ...records: readonly KafkaRecord[]): Promise<Payment[]> {
  const readPayment = paymentReader({ decode }, SOURCE, new AbortController().signal);
  const reading = (async () => {
    const payments: Payment[] = [];
    for (const record of records) payments.push(await readPayment(record));
    return payments;
  })();
  await pass(60_000);
  return reading;
}

const silent = () => Promise.reject(new Error('the schema registry does not answer'));

describe("a record's payment is", () => {
  test('what its event says, whatever its key is', async () => {
    const event = paymentFinal({ paymentId: 'pay-2' });
    expect(await read(() => Promise.resolve({ kind: 'event', event }), sourceRecord())).toEqual([
      { id: 'pay-2', event, undecodable: null, isDoubtful: false },
    ]);
  });

  test('its header, then its key, where no event can be read', async () => {
    const undecodable = { kind: 'undecodable', error: 'magic', detail: 'no Avro' } as const;
    const parked = { topic: `${SOURCE}.retry.5s`, headers: { 'notifier-payment-id': Buffer.from('pay-3') } };
    const [byKey, byHeader, none] = await read(
      () => Promise.resolve(undecodable),
      sourceRecord(),
      sourceRecord(parked),
      sourceRecord({ key: Buffer.alloc(65, 'x') }),
    );
    expect(byKey).toEqual({ id: 'pay-1', event: null, undecodable: 'no Avro', isDoubtful: false });
    expect([byHeader?.id, none?.id]).toEqual(['pay-3', null]);
  });

  test('doubtful where the registry does not answer, which is waited for once', async () => {
    let asked = 0;
    const decode = () => {
      asked += 1;
      return silent();
    };
    const payments = await read(decode, sourceRecord(), sourceRecord(), sourceRecord());
    expect(payments.map(({ isDoubtful, id }) => [isDoubtful, id])).toEqual(Array(3).fill([true, 'pay-1']));
    expect(asked).toBe(5 + 1 + 1);
  });

  test('read when a schema that is new has reached the registry', async () => {
    const event = paymentFinal();
    let asked = 0;
    const late = () => {
      asked += 1;
      return asked < 3 ? silent() : Promise.resolve({ kind: 'event', event } as const);
    };
    expect(await read(late, sourceRecord())).toMatchObject([{ event, isDoubtful: false }]);
  });
});
