import zlib from 'node:zlib';
import { decompress as unzstd } from 'fzstd';
import snappy from 'kafkajs-snappy';
import lz4 from 'lz4js';

/** Compressed bytes that would take more memory than a batch may; not taken. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge';
}

type Decompress = (bytes: Buffer, most: number) => Buffer | Promise<Buffer>;

/** Node has it from 22.15 on; before, a library reads it more slowly. */
const { zstdDecompressSync } = zlib as {
  zstdDecompressSync?: (bytes: Buffer, options: { maxOutputLength: number }) => Buffer;
};

/** By the number that the attributes of a batch name it with. */
const CODECS: Readonly<Record<number, Decompress>> = {
  1: (bytes, most) => zlib.unzipSync(bytes, { maxOutputLength: most }),
  2: unsnappy,
  3: unlz4,
  4: (bytes, most) => {
    within(most, zstdBound(bytes, most));
    if (zstdDecompressSync !== undefined) return zstdDecompressSync(bytes, { maxOutputLength: most });
    const { buffer, byteOffset, length } = unzstd(bytes);
    return Buffer.from(buffer, byteOffset, length);
  },
};

/**
 * The bytes that were compressed, whatever codec a writer chose. One at a time and at most `most` of them: more throws
 * `TooLarge`, and what is in no known format throws as well. Either is found out before the memory is taken.
 *
 * @param codec 1 gzip, 2 snappy, 3 lz4, 4 zstd
 */
export async function decompress(codec: number, bytes: Buffer, most: number): Promise<Buffer> {
  const read = CODECS[codec];
  if (read === undefined) throw new Error(`compressed in an unknown way (${codec})`);
  try {
    return await read(bytes, most);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') within(most, Infinity);
    throw error;
  }
}

function within(most: number, length: number): void {
  if (length > most) throw new TooLarge(`decompressed it has more than ${most} bytes`);
}

/** How Java's clients begin what they compress with snappy: blocks follow, each behind its length. */
const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_BYTES = 16;

async function unsnappy(bytes: Buffer, most: number): Promise<Buffer> {
  const blocks = bytes.subarray(0, XERIAL.length).equals(XERIAL) ? xerialBlocks(bytes) : [bytes];
  within(
    most,
    blocks.reduce((sum, block) => sum + snappyLength(block), 0),
  );
  const codec = snappy();
  return Buffer.concat(await Promise.all(blocks.map((block) => codec.decompress(block))));
}

function xerialBlocks(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  for (let at = XERIAL_HEADER_BYTES; at < bytes.length;) {
    const length = bytes.readUInt32BE(at);
    blocks.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return blocks;
}

/** The length that a block begins with, seven bits a byte. */
function snappyLength(block: Buffer): number {
  let length = 0;
  for (let at = 0; at < 5; at += 1) {
    const byte = block.readUInt8(at);
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) break;
  }
  return length;
}

const LZ4_MAGIC = 0x184d2204;
const LZ4_BLOCK_BYTES: Readonly<Record<number, number>> = { 4: 65_536, 5: 262_144, 6: 1_048_576, 7: 4_194_304 };

/** Goes through the frame itself: the library believes every length in it, and reads sums of blocks in the wrong place. */
function unlz4(bytes: Buffer, most: number): Buffer {
  if (bytes.readUInt32LE(0) !== LZ4_MAGIC) throw new Error('no frame of lz4');
  const flags = bytes.readUInt8(4);
  const largest = LZ4_BLOCK_BYTES[(bytes.readUInt8(5) >> 4) & 7];
  if (flags >> 6 !== 1 || largest === undefined) throw new Error('an unknown frame of lz4');
  const blocks: { start: number; size: number; isPlain: boolean }[] = [];
  let bound = 0;
  for (let at = (flags & 0x08) === 0 ? 7 : 15; ;) {
    const word = bytes.readUInt32LE(at);
    if (word === 0) break;
    const [start, size, isPlain] = [at + 4, word & 0x7fffffff, word >= 0x80000000];
    at = start + size + ((flags & 0x10) === 0 ? 0 : 4);
    if (at > bytes.length || size > largest) throw new Error('a block of lz4 is cut off');
    blocks.push({ start, size, isPlain });
    bound += isPlain ? size : largest;
    within(most, bound);
  }
  const read = Buffer.alloc(bound);
  let length = 0;
  for (const { start, size, isPlain } of blocks) {
    if (isPlain) length += bytes.copy(read, length, start, start + size);
    else length = lz4.decompressBlock(bytes, read, start, size, length);
  }
  if (length > bound) throw new Error('a block of lz4 is too long');
  return length * 2 < bound ? Buffer.from(read.subarray(0, length)) : read.subarray(0, length);
}

const ZSTD_MAGIC = 0xfd2fb528;
const ZSTD_BLOCK_BYTES = 131_072;
/** Of the highest level there is. The library takes as much beside what it gives. */
const LARGEST_WINDOW = 134_217_728;

/** More than frames can give, told by the sizes in them: what each block says of itself, or can have at most. */
function zstdBound(bytes: Buffer, most: number): number {
  let bound = 0;
  for (let at = 0; at < bytes.length && bound <= most;) {
    const magic = bytes.readUInt32LE(at);
    if (magic !== ZSTD_MAGIC) {
      // Frames to be skipped hold nothing; what is no frame at all the library refuses.
      at += 8 + bytes.readUInt32LE(at + 4);
      continue;
    }
    const descriptor = bytes.readUInt8(at + 4);
    const single = (descriptor >> 5) & 1;
    const sizeBytes = [single, 2, 4, 8][descriptor >> 6] ?? 0;
    const window = single === 1 ? 0 : 2 ** (10 + (bytes.readUInt8(at + 5) >> 3));
    within(LARGEST_WINDOW, window);
    // Where no window is named, it is as large as the content.
    const sizeAt = at + 6 - single + ([0, 1, 2, 4][descriptor & 3] ?? 0);
    if (sizeBytes >= 4)
      within(most, bytes.readUInt32LE(sizeAt) + (sizeBytes === 8 ? bytes.readUInt32LE(sizeAt + 4) * 2 ** 32 : 0));
    at = sizeAt + sizeBytes;
    for (let last = false; !last && bound <= most;) {
      const header = bytes.readUIntLE(at, 3);
      const [type, size] = [(header >> 1) & 3, header >> 3];
      last = (header & 1) === 1;
      bound += type === 2 ? ZSTD_BLOCK_BYTES : size;
      at += 3 + (type === 1 ? 1 : size);
    }
    at += descriptor & 4;
  }
  return bound;
}
