import kafkajs from 'kafkajs';
import { beforeAll, describe, expect, test } from 'vitest';
import { registerCodecs } from '../../src/kafka/codecs.ts';

interface Codec {
  readonly compress: (encoder: { buffer: Buffer }) => Promise<Buffer>;
  readonly decompress: (bytes: Buffer) => Promise<Buffer>;
}

const { CompressionCodecs, CompressionTypes } = kafkajs;
const TYPES = {
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
};
type Name = keyof typeof TYPES;

function codec(name: Name): Codec {
  const codecs: Readonly<Record<number, () => Codec>> = CompressionCodecs;
  const create = codecs[TYPES[name]];
  if (create === undefined) throw new Error(`no codec for ${name}`);
  return create();
}

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

beforeAll(registerCodecs);

describe('records compressed by another client', () => {
  test.each(FRAMES)('with %s are read, %i of them', async (name, events, frame) => {
    const bytes = await codec(name).decompress(Buffer.from(frame, 'base64'));
    expect(Buffer.isBuffer(bytes)).toBe(true);
    expect(bytes.toString()).toBe(text(events));
  });

  test.each<Name>(['gzip', 'lz4', 'zstd'])('with %s and not in its format are an error', async (name) => {
    const noFrame = Buffer.from('this is not compressed at all');
    await expect((async () => codec(name).decompress(noFrame))()).rejects.toThrow();
  });
});

test.each<Name>(['gzip', 'snappy'])('what is written with %s is read back', async (name) => {
  const { compress, decompress } = codec(name);
  const bytes = await decompress(await compress({ buffer: Buffer.from(text(5_000)) }));
  expect(bytes.toString()).toBe(text(5_000));
});

test.each<Name>(['lz4', 'zstd'])('nothing is ever written with %s', async (name) => {
  await expect(codec(name).compress({ buffer: Buffer.from(text(1)) })).rejects.toThrow(name);
});
