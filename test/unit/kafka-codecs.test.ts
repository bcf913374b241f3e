import kafkajs from 'kafkajs';
import { beforeAll, describe, expect, test } from 'vitest';
import { registerCodecs } from '../../src/kafka/codecs.ts';

interface Codec {
  compress(encoder: { buffer: Buffer }): Promise<Buffer>;
  decompress(bytes: Buffer): Promise<Buffer>;
}

/** One text as Kafka's own Java client compresses it. */
const TEXT = Array.from({ length: 40 }, (_, at) => `payment-${at % 7} is final; `).join('');
const FRAMES: readonly (readonly [string, string])[] = [
  [
    'gzip',
    'H4sIAAAAAAAA/ytIrMxNzSvRNVDILFZIy8xLzLFWKICKGWIRM8IiZoxFzASLmCkWMTMsYqNuGXXLYHELANYxO+ggAwAA',
  ],
  [
    'snappy',
    'glNOQVBQWQAAAAABAAAAAQAAAFigBkxwYXltZW50LTAgaXMgZmluYWw7IBEUADFKFAAAMkoUAAAzShQAADRKFAAANUoUAAA2' +
      'ShQA/owA/owA/owA/owA/owA/owA/owA/owA/owA/owALowA',
  ],
  [
    'lz4',
    'BCJNGGBAgkIAAAD0BXBheW1lbnQtMCBpcyBmaW5hbDsgFAAfMRQAAB8yFAAAHzMUAAAfNBQAAB81FAAAHzYUAAAPjAD//3ZQ' +
      'bmFsOyAAAAAA',
  ],
  [
    'zstd',
    'KLUv/QBYvAMAtANwYXltZW50LTAgaXMgZmluYWw7IDEyMzQ1NjAxMjM0NTYwMTIzNDU2MDEyMzQ1NjAxMjM0NTYwMTIzNCgg' +
      '4OeGJJewRJJLWCLJJSyR5BKWSHIJSyS5hCUiuYQlklzCEkkuYYkkl7BEkktYIsklLJHkeGKOSHcBAAA=',
  ],
];

function codec(name: string): Codec {
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  const type = { gzip: CompressionTypes.GZIP, snappy: CompressionTypes.Snappy, lz4: CompressionTypes.LZ4 }[name];
  return (CompressionCodecs[type ?? CompressionTypes.ZSTD] as () => Codec)();
}

beforeAll(registerCodecs);

describe('records compressed by another client', () => {
  test.each(FRAMES)('with %s are read', async (name, frame) => {
    const bytes = await codec(name).decompress(Buffer.from(frame, 'base64'));
    expect(Buffer.isBuffer(bytes)).toBe(true);
    expect(bytes.toString()).toBe(TEXT);
  });

  test.each(FRAMES)('with %s and torn are an error, not a text', async (name, frame) => {
    const bytes = Buffer.from(frame, 'base64');
    const torn = bytes.subarray(0, Math.floor(bytes.length / 2));
    await expect(Promise.resolve().then(() => codec(name).decompress(torn))).rejects.toThrow();
  });
});

test.each(['gzip', 'snappy'])('what is written with %s is read back', async (name) => {
  const { compress, decompress } = codec(name);
  const bytes = await decompress(await compress({ buffer: Buffer.from(TEXT) }));
  expect(bytes.toString()).toBe(TEXT);
});

test.each(['lz4', 'zstd'])('nothing is ever written with %s', async (name) => {
  await expect(codec(name).compress({ buffer: Buffer.from(TEXT) })).rejects.toThrow(name);
});
