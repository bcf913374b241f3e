import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { CompressionTypes } from 'kafkajs';
import { kafkajs } from '../kafkajs/patched.ts';

type Compress = (bytes: Buffer, done: (error: Error | null, compressed: Buffer) => void) => void;

const { None, GZIP, ZSTD } = kafkajs.CompressionTypes;
/** Node has it from 22.15 on. */
const { zstdCompress } = zlib as { zstdCompress?: Compress };

if (zstdCompress !== undefined) {
  const compress = promisify(zstdCompress);
  // Batches are decompressed in `wire/codecs.ts`, whatever writes them.
  kafkajs.CompressionCodecs[ZSTD] = () => ({ compress: ({ buffer }: { buffer: Buffer }) => compress(buffer) });
}

/**
 * How a record is written, in the order in which it is tried. A broker's limit counts compressed bytes: a record that was
 * written compressed may fit in no other way. The one that packs tightest comes last, where Node has it.
 */
export const COMPRESSIONS: readonly CompressionTypes[] = zstdCompress === undefined ? [None, GZIP] : [None, GZIP, ZSTD];
