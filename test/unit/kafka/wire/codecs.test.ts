import zlib from 'node:zlib';
import snappy from 'kafkajs-snappy';
import { describe, expect, test } from 'vitest';
import { decompress, TooLarge } from '../../../../src/kafka/wire/codecs.ts';

/** As the attributes of a batch name them. */
const CODECS = { gzip: 1, snappy: 2, lz4: 3, zstd: 4 };
type Name = keyof typeof CODECS;
const NAMES = Object.keys(CODECS) as Name[];

const MOST = 1_000_000;

function text(events: number): string {
  return Array.from({ length: events }, (_, at) => `payment-${at % 7} is final; `).join('');
}

/** So many events as Kafka's own Java client compresses them: less than a block, a block, many blocks. */
const FRAMES: readonly (readonly [Name, number, string])[] = [
  ['gzip', 1, 'H4sIAAAAAAAA/ytIrMxNzSvRNVDILFZIy8xLzLFWAAAmMIZsFAAAAA=='],
  ['snappy', 1, 'glNOQVBQWQAAAAABAAAAAQAAABYUTHBheW1lbnQtMCBpcyBmaW5hbDsg'],
  ['lz4', 1, 'BCJNGGBAghQAAIBwYXltZW50LTAgaXMgZmluYWw7IAAAAAA='],
  ['zstd', 1, 'KLUv/QBYoAAAcGF5bWVudC0wIGlzIGZpbmFsOyABAAA='],
  ['gzip', 40, 'H4sIAAAAAAAA/ytIrMxNzSvRNVDILFZIy8xLzLFWKICKGWIRM8IiZoxFzASLmCkWMTMsYqNuGXXLYHELANYxO+ggAwAA'],
  [
    'snappy',
    40,
    [
      'glNOQVBQWQAAAAABAAAAAQAAAFigBkxwYXltZW50LTAgaXMgZmluYWw7IBEUADFKFAAAMkoUAAAzShQAADRKFAAANUoUAAA2ShQA',
      '/owA/owA/owA/owA/owA/owA/owA/owA/owA/owALowA',
    ].join(''),
  ],
  [
    'lz4',
    40,
    [
      'BCJNGGBAgkIAAAD0BXBheW1lbnQtMCBpcyBmaW5hbDsgFAAfMRQAAB8yFAAAHzMUAAAfNBQAAB81FAAAHzYUAAAPjAD//3ZQbmFs',
      'OyAAAAAA',
    ].join(''),
  ],
  [
    'zstd',
    40,
    [
      'KLUv/QBYvAMAtANwYXltZW50LTAgaXMgZmluYWw7IDEyMzQ1NjAxMjM0NTYwMTIzNDU2MDEyMzQ1NjAxMjM0NTYwMTIzNCgg4OeG',
      'JJewRJJLWCLJJSyR5BKWSHIJSyS5hCUiuYQlklzCEkkuYYkkl7BEkktYIsklLJHkeGKOSHcBAAA=',
    ].join(''),
  ],
  [
    'lz4',
    9_000,
    [
      'BCJNGGBAgkABAAD0BXBheW1lbnQtMCBpcyBmaW5hbDsgFAAfMRQAAB8yFAAAHzMUAAAfNBQAAB81FAAAHzYUAAAPjAD/////////',
      '////////////////////////////////////////////////////////////////////////////////////////////////////',
      '////////////////////////////////////////////////////////////////////////////////////////////////////',
      '////////////////////////////////////////////////////////////////////////////////////////////////////',
      '////////////////////////////////VFBzIGZpbkABAAD4BWFsOyBwYXltZW50LTEgaXMgZmluFAAfMhQAAB8zFAAAHzQUAAAf',
      'NRQAAB82FAAAHzAUAAAPjAD/////////////////////////////////////////////////////////////////////////////',
      '////////////////////////////////////////////////////////////////////////////////////////////////////',
      '////////////////////////////////////////////////////////////////////////////////////////////////////',
      '////////////////////////////////////////////////////////////////UFAtMSBpc/8AAAD8BSBmaW5hbDsgcGF5bWVu',
      'dC0yIGlzFAAfMxQAAB80FAAAHzUUAAAfNhQAAB8wFAAAHzEUAAAPjAD/////////////////////////////////////////////',
      '////////////////////////////////////////////////////////////////////////////////////////////////////',
      '////////////////////////////////////////////////////////////////////////////////////////////////////',
      '/////////ytQbmFsOyAAAAAA',
    ].join(''),
  ],
];

const framesOf = (name: Name): Buffer[] => {
  return FRAMES.filter(([codec]) => codec === name).map(([, , frame]) => Buffer.from(frame, 'base64'));
};

describe('records compressed by another client', () => {
  test.each(FRAMES)('with %s are read, %i of them', async (name, events, frame) => {
    const bytes = await decompress(CODECS[name], Buffer.from(frame, 'base64'), MOST);
    expect(Buffer.isBuffer(bytes)).toBe(true);
    expect(bytes.toString()).toBe(text(events));
  });

  test('with snappy and without blocks are read', async () => {
    const bytes = await snappy().compress({ buffer: Buffer.from(text(5_000)) });
    expect((await decompress(CODECS.snappy, bytes, MOST)).toString()).toBe(text(5_000));
  });

  // Snappy has no mark of its own: what it makes of other bytes are no records.
  test.each<Name>(['gzip', 'lz4', 'zstd'])('with %s and not in its format are an error', async (name) => {
    const noFrame = Buffer.from('this is not compressed at all');
    await expect(decompress(CODECS[name], noFrame, MOST)).rejects.toThrow();
  });

  test.each(NAMES)('with %s and cut off anywhere are an error, or not what they were', async (name) => {
    for (const frame of framesOf(name)) {
      const whole = await decompress(CODECS[name], frame, MOST);
      for (let length = 0; length < frame.length - 5; length += 7) {
        const read = await decompress(CODECS[name], frame.subarray(0, length), MOST).catch(() => Buffer.alloc(0));
        expect(read.equals(whole)).toBe(false);
      }
    }
  });

  test('with lz4 and all that a frame may have beside its blocks are read', async () => {
    const block = Buffer.concat([Buffer.from([3, 0, 0, 0x80]), Buffer.from('abc'), Buffer.from('sum!')]);
    const frame = [lz4Head(0x7c), block, block, Buffer.alloc(4), Buffer.from('sum!')];
    expect((await decompress(CODECS.lz4, Buffer.concat(frame), MOST)).toString()).toBe('abcabc');
  });

  test('with lz4 and a block longer than its frame are an error', async () => {
    for (const size of [8, 0x7fffffff]) {
      const head = Buffer.alloc(4);
      head.writeUInt32LE(size);
      const frame = Buffer.concat([lz4Head(0x60), head, Buffer.from([0xff, 0xff])]);
      await expect(decompress(CODECS.lz4, frame, MOST)).rejects.toThrow('cut off');
    }
  });

  test('in a way that nobody knows are an error', async () => {
    await expect(decompress(5, Buffer.from('?'), MOST)).rejects.toThrow('5');
  });
});

/** What a small record batch may claim to hold. */
const BOMBS: readonly (readonly [string, Name, Buffer])[] = [
  ['zeros', 'gzip', zlib.gzipSync(Buffer.alloc(2 * MOST))],
  ['a length of 4 GB', 'snappy', Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0])],
  ['many blocks', 'snappy', xerial(Array.from({ length: 40 }, () => Buffer.from([0x80, 0x80, 0x02, 0])))],
  [
    'many blocks',
    'lz4',
    Buffer.concat([lz4Head(0x60), ...Array.from({ length: 20 }, () => Buffer.from([1, 0, 0, 0, 0]))]),
  ],
  ['many blocks', 'zstd', Buffer.concat([zstdHead(0x00, 0x58), ...Array.from({ length: 20 }, () => zstdRun(100_000))])],
  ['a content of 4 GB', 'zstd', Buffer.concat([zstdHead(0xa0, 255, 255, 255, 255), zstdRun(9, true)])],
  ['a content of 2^63', 'zstd', Buffer.concat([zstdHead(0xe0, 0, 0, 0, 0, 0, 0, 0, 128), zstdRun(9, true)])],
  ['a window of 1 GB', 'zstd', Buffer.concat([zstdHead(0x00, 0xa0), zstdRun(9, true)])],
];

function xerial(blocks: readonly Buffer[]): Buffer {
  const head = Buffer.from('82534e41505059000000000100000001', 'hex');
  const sized = blocks.map((block) => Buffer.concat([Buffer.from([0, 0, 0, block.length]), block]));
  return Buffer.concat([head, ...sized]);
}

function lz4Head(flags: number): Buffer {
  return Buffer.from([0x04, 0x22, 0x4d, 0x18, flags, 0x40, ...(flags & 0x08 ? [6, 0, 0, 0, 0, 0, 0, 0] : []), 0]);
}

function zstdHead(...bytes: number[]): Buffer {
  return Buffer.from([0x28, 0xb5, 0x2f, 0xfd, ...bytes]);
}

/** So many equal bytes. */
function zstdRun(length: number, last = false): Buffer {
  const head = Buffer.alloc(4);
  head.writeUIntLE((length << 3) | 2 | (last ? 1 : 0), 0, 3);
  return head;
}

describe('bytes that would take more memory than they may', () => {
  test.each(BOMBS)('%s, %s', async (_what, name, bytes) => {
    const before = process.memoryUsage().rss;
    await expect(decompress(CODECS[name], bytes, MOST)).rejects.toThrow(TooLarge);
    expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
  });

  test.each(NAMES)('%s: as many as may be are read', async (name) => {
    for (const frame of framesOf(name)) {
      const { length } = await decompress(CODECS[name], frame, MOST);
      // What lz4 and zstd say of their blocks is at least this.
      const blocks = { gzip: 0, snappy: 0, lz4: 65_536, zstd: 131_072 }[name];
      await expect(decompress(CODECS[name], frame, length + blocks)).resolves.toHaveLength(length);
      await expect(decompress(CODECS[name], frame, length - 1)).rejects.toThrow(TooLarge);
    }
  });
});
