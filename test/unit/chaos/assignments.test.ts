import kafkajs from 'kafkajs';
import { expect, test } from 'vitest';
import { assignmentsIn, ownedIn } from '../../chaos/assignments.ts';

const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const text = (value: string | null): Buffer =>
  value === null ? int16(-1) : Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)]);
const bytes = (value: Buffer): Buffer => Buffer.concat([int32(value.length), value]);

const groupKey = (group: string): Buffer => Buffer.concat([int16(2), text(group)]);

/** As a broker stores it, version 3. */
function stored(generation: number, members: Readonly<Record<string, Record<string, number[]> | undefined>>): Buffer {
  const encoded = Object.entries(members).map(([member, assignment]) =>
    Buffer.concat([
      ...[text(`${member}-uuid`), text(null), text(member), text('/127.0.0.1'), int32(60_000), int32(8_000)],
      bytes(Buffer.from('subscription')),
      bytes(
        assignment === undefined
          ? Buffer.alloc(0)
          : kafkajs.AssignerProtocol.MemberAssignment.encode({ version: 1, assignment, userData: Buffer.from('own') }),
      ),
    ]),
  );
  const head = [int16(3), text('consumer'), int32(generation), text('sticky'), text('member-1-uuid'), Buffer.alloc(8)];
  return Buffer.concat([...head, int32(encoded.length), ...encoded]);
}

test('each generation of the group: who owned which lanes, until the next one was stored', () => {
  const first = stored(1, { 'member-1': { pf: [0, 1], 'pf.retry.1s': [0, 1], other: [7] } });
  const second = stored(2, { 'member-1': { pf: [0] }, 'member-2': { pf: [1] }, 'member-3': undefined });
  const records = [
    { key: groupKey('pf'), value: first, timestamp: 100 },
    {
      key: Buffer.concat([int16(1), text('pf'), text('pf'), int32(0)]),
      value: Buffer.from('an offset'),
      timestamp: 150,
    },
    { key: groupKey('pf-2'), value: first, timestamp: 160 },
    { key: groupKey('pf'), value: second, timestamp: 200 },
    { key: groupKey('pf'), value: null, timestamp: 300 },
  ];
  const history = records.flatMap((record) => assignmentsIn(record, 'pf') ?? []);
  const tiers: Readonly<Record<string, string>> = { pf: 'main', 'pf.retry.1s': '1s' };
  expect(ownedIn(history, (topic) => tiers[topic])).toEqual([
    { member: 'member-1', lanes: new Set(['main:0', 'main:1', '1s:0', '1s:1']), from: 100, to: 200 },
    { member: 'member-1', lanes: new Set(['main:0']), from: 200, to: 300 },
    { member: 'member-2', lanes: new Set(['main:1']), from: 200, to: 300 },
    { member: 'member-3', lanes: new Set(), from: 200, to: 300 },
  ]);
});
