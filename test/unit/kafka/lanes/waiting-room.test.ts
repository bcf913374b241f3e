import { describe, expect, test } from 'vitest';
import { WaitingRoom, weightOf } from '../../../../src/kafka/lanes/waiting-room.ts';
import { sourceRecord } from '../../../support/fixtures.ts';

const MIB = 1_048_576;

describe('where a lane asks for no more', () => {
  test('is at 1 MiB while there is room, then at what is left, and never below 16 KiB', () => {
    const room = new WaitingRoom();
    const marks = [0, 63 * MIB, 1, MIB - 16_384, 5 * MIB].map((bytes) => {
      room.enter(bytes);
      return room.highWater;
    });
    expect(marks).toEqual([MIB, MIB, MIB - 1, 16_384, 16_384]);
    room.leave(69 * MIB - 16_384 - 1);
    expect(room.highWater, 'what has left leaves its room').toBe(MIB);
  });

  test('is four times where it asks again', () => {
    const room = new WaitingRoom(400_000);
    expect([room.highWater, room.lowWater]).toEqual([400_000, 100_000]);
  });
});

test('a record weighs its parts, and what the objects around them take', () => {
  const weigh = (fields: Parameters<typeof sourceRecord>[0]): number =>
    weightOf(sourceRecord({ key: null, value: null, ...fields }));
  expect(weigh({})).toBe(300);
  expect(weigh({ key: Buffer.alloc(7), value: Buffer.alloc(50) })).toBe(357);
  expect(weigh({ headers: { one: Buffer.alloc(10) } })).toBe(300 + 100 + 3 + 10);
  expect(weigh({ headers: { one: [Buffer.alloc(10), Buffer.alloc(1)], of: 'text' } })).toBe(300 + 113 + 104 + 106);
});
