import zlib from 'node:zlib';
import { decompress as unzstd } from 'fzstd';
import kafkajs from 'kafkajs';
import snappy from 'kafkajs-snappy';
import lz4 from 'lz4js';

const { CompressionCodecs, CompressionTypes } = kafkajs;

/** Node has it from 22.15 on; before, a library reads it more slowly. */
const { zstdDecompressSync } = zlib as { zstdDecompressSync?: (bytes: Buffer) => Buffer };

/** Lets records be read however they were compressed; without its codec a batch would end the consumer for good. */
export function registerCodecs(): void {
  CompressionCodecs[CompressionTypes.Snappy] = snappy;
  CompressionCodecs[CompressionTypes.LZ4] = () => readOnly('lz4', (bytes) => Buffer.from(lz4.decompress(bytes)));
  CompressionCodecs[CompressionTypes.ZSTD] = () =>
    readOnly('zstd', (bytes) => zstdDecompressSync?.(bytes) ?? Buffer.from(unzstd(bytes)));
}

/** What this service writes is small and goes out uncompressed. */
function readOnly(name: string, decompress: (bytes: Buffer) => Buffer) {
  return {
    compress: () => Promise.reject(new Error(`records are never written with ${name}`)),
    decompress: (bytes: Buffer) => Promise.resolve(decompress(bytes)),
  };
}
