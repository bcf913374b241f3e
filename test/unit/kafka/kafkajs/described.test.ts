import { expect, test } from 'vitest';
import { describeGroup, describeTopics } from '../../../../src/kafka/kafkajs/described.ts';

const int16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const string = (text: string) => Buffer.concat([int16(text.length), Buffer.from(text)]);
const [none, no] = [int32(0), Buffer.from([0])];
const READ_AND_DESCRIBE = int32((1 << 3) | (1 << 8));
const UNSAID = int32(-(2 ** 31));

test('a topic tells its layout, and what this user may do', async () => {
  const partition = [int16(0), int32(0), int32(5), int32(9), int32(2), int32(5), int32(6), int32(1), int32(5), none];
  const topic = [int16(0), string('pf'), no, int32(1), ...partition, READ_AND_DESCRIBE];
  const forbidden = [int16(29), string('secret'), no, none, UNSAID];
  const broker = [int32(5), string('b'), int32(9092), int16(-1)];
  const answer = [none, int32(1), ...broker, string('id'), int32(5), int32(2), ...topic, ...forbidden, UNSAID];
  const { request, response } = describeTopics(['pf', 'secret']);
  expect([request.apiKey, request.apiVersion]).toEqual([3, 8]);
  expect(await response.decode(Buffer.concat(answer))).toEqual({
    brokers: [{ nodeId: 5, address: 'b:9092' }],
    topics: [
      { topic: 'pf', partitions: [{ leader: 5, replicas: 2, inSync: 1 }], allowed: new Set(['READ', 'DESCRIBE']) },
      { topic: 'secret', error: 'TOPIC_AUTHORIZATION_FAILED', partitions: [], allowed: undefined },
    ],
  });
});

test('a group tells who is in it, and what this user may do', async () => {
  const member = [string('m'), string('client'), string('/10.0.0.1'), none, none];
  const group = [int16(0), string('g'), string('Stable'), string('consumer'), string('range'), int32(1), ...member];
  const { response } = describeGroup('g');
  expect(await response.decode(Buffer.concat([none, int32(1), ...group, READ_AND_DESCRIBE]))).toEqual({
    ...{ state: 'Stable', protocol: 'range', members: [{ clientId: 'client', host: '/10.0.0.1' }] },
    allowed: new Set(['READ', 'DESCRIBE']),
  });
});
