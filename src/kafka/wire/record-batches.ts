import type { Unreadable } from '../../core/record.ts';
import { readRecords, type BatchHead, type FetchedMessage, type Piece } from './batch-records.ts';
import { decompress, TooLarge } from './codecs.ts';
import { crc32c } from './crc32c.ts';

/** What was asked of a partition, and what its broker says beside the records. */
export interface Asked {
  /** The offset that is wanted. */
  readonly from: number;
  /** The offset behind the partition's last record. */
  readonly end: number;
  readonly aborted: readonly { readonly producerId: string; readonly firstOffset: string }[];
}

/** A batch that did not come as it was written, at the offset that was wanted. */
export interface CorruptBatch {
  readonly offset: number;
  readonly detail: string;
}

/** What may be read of a partition now, in order. A record that no reader may see is one too: reading goes on behind it. */
export interface FetchedMessages extends Array<FetchedMessage & { readonly isControlRecord: boolean }> {
  /** Stands where nothing could be read, and may be readable later. */
  corrupt?: CorruptBatch;
}

/**
 * No batch may take more when it is decompressed: 32 times what a broker takes of one by default, where events compress
 * to a third or a tenth; twice of it fits into a small pod beside everything else.
 */
const MOST_BATCH_BYTES = 33_554_432;
/** What is taken of one partition at once, whatever its batches hold; the rest is fetched again. */
const MOST = { records: 5_000, bytes: 2_097_152 };

const HEAD_BYTES = 61;
/** Length and what stands before it are not counted by it; the checksum begins behind itself. */
const [LENGTH_AT, UNCOUNTED_BYTES, MAGIC_AT, CRC_AT, SUMMED_AT] = [8, 12, 16, 17, 21] as const;
const MAGIC = 2;
const [CODEC_BITS, APPEND_TIME_BIT, TRANSACTION_BIT, CONTROL_BIT] = [0x07, 0x08, 0x10, 0x20] as const;

interface RecordBatch extends BatchHead {
  readonly codec: number;
  readonly producerId: string;
  readonly inTransaction: boolean;
  readonly isControl: boolean;
  readonly body: Buffer;
}

/**
 * Takes the records out of what a broker answered of one partition, in place of kafkajs, which checks no checksum, throws
 * for the whole answer where one batch cannot be read, and takes whatever memory a batch asks for.
 *
 * Never throws. A batch whose bytes are not what was written ends the answer: nothing is decided about its records. One
 * that was written as it is and yet cannot be read gives an unreadable record for each of its offsets.
 */
export async function readBatches(bytes: Buffer, { from, end, aborted }: Asked): Promise<FetchedMessages> {
  const messages: FetchedMessages = [];
  const transactions = new AbortedTransactions(aborted);
  const room = { ...MOST };
  for (let at = 0, next = 0; ;) {
    const batch = readBatch(bytes.subarray(at), next, end);
    if (typeof batch !== 'object') {
      if (messages.length === 0 && at < bytes.length) messages.corrupt = { offset: from, detail: batch ?? 'cut off' };
      break;
    }
    at += UNCOUNTED_BYTES + bytes.readInt32BE(at + LENGTH_AT);
    next = batch.lastOffset + 1;
    if (next <= from) continue;
    const { records, bytes: taken, whole } = await readPiece(batch, { from, ...room });
    const isHidden = transactions.hides(batch, records) || batch.isControl;
    for (const record of records) messages.push({ ...record, isControlRecord: isHidden });
    if (!whole) break;
    if (Number(records.at(-1)?.offset ?? -1) < batch.lastOffset) messages.push(endOf(batch));
    room.records -= records.length;
    room.bytes -= taken;
    if (room.records <= 0 || room.bytes <= 0) break;
  }
  return messages;
}

/** @returns what is wrong with the bytes as text; `undefined` where they end before the batch does */
function readBatch(bytes: Buffer, next: number, end: number): RecordBatch | string | undefined {
  if (bytes.length < HEAD_BYTES) return undefined;
  const firstOffset = Number(bytes.readBigInt64BE(0));
  const length = bytes.readInt32BE(LENGTH_AT);
  const magic = bytes.readInt8(MAGIC_AT);
  if (magic !== MAGIC) return `unknown format ${magic}`;
  if (length < HEAD_BYTES - UNCOUNTED_BYTES) return `impossible length ${length}`;
  const size = UNCOUNTED_BYTES + length;
  if (bytes.length < size) return undefined;
  if (bytes.readUInt32BE(CRC_AT) !== crc32c(bytes.subarray(SUMMED_AT, size))) return 'its checksum is wrong';
  const attributes = bytes.readInt16BE(21);
  const lastOffset = firstOffset + bytes.readInt32BE(23);
  if (firstOffset < next || firstOffset >= end || lastOffset < firstOffset) {
    return `impossible offsets ${firstOffset} to ${lastOffset}`;
  }
  const [firstTimestamp, maxTimestamp] = [Number(bytes.readBigInt64BE(27)), Number(bytes.readBigInt64BE(35))];
  return {
    firstOffset,
    lastOffset,
    firstTimestamp,
    ...((attributes & APPEND_TIME_BIT) !== 0 && { appendedAt: maxTimestamp }),
    codec: attributes & CODEC_BITS,
    producerId: String(bytes.readBigInt64BE(43)),
    inTransaction: (attributes & TRANSACTION_BIT) !== 0,
    isControl: (attributes & CONTROL_BIT) !== 0,
    count: bytes.readInt32BE(57),
    body: bytes.subarray(HEAD_BYTES, size),
  };
}

async function readPiece(batch: RecordBatch, window: { from: number; records: number; bytes: number }): Promise<Piece> {
  const { codec, body } = batch;
  try {
    const records = codec === 0 ? body : await decompress(codec, body, MOST_BATCH_BYTES);
    return readRecords(records, batch, window);
  } catch (error) {
    const reason = error instanceof TooLarge ? 'too_large' : 'undecodable';
    return unreadable(batch, window, { reason, detail: error instanceof Error ? error.message : String(error) });
  }
}

/** Nobody knows which of the offsets had a record, so each of them counts as one. */
function unreadable(batch: RecordBatch, window: { from: number; records: number }, why: Unreadable): Piece {
  const { firstOffset, lastOffset, firstTimestamp, appendedAt } = batch;
  const from = Math.max(window.from, firstOffset);
  const length = Math.min(lastOffset - from + 1, window.records);
  const timestamp = String(appendedAt ?? firstTimestamp);
  const records = Array.from({ length }, (_, number) => {
    return { offset: String(from + number), timestamp, key: null, value: null, headers: {}, unreadable: why };
  });
  return { records, bytes: 0, whole: from + length > lastOffset };
}

/** Stands at the end of a batch whose last records are gone, so that reading goes on behind it. */
function endOf({ lastOffset, firstTimestamp }: RecordBatch): FetchedMessages[number] {
  const nothing = { key: null, value: null, headers: {}, isControlRecord: true };
  return { offset: String(lastOffset), timestamp: String(firstTimestamp), ...nothing };
}

/**
 * Which transactions were aborted, at each place of the log. kafkajs goes through them one a record and in the order in
 * which they ended: where several were open at once, records of aborted ones pass.
 */
class AbortedTransactions {
  readonly #ahead: { producerId: string; firstOffset: number }[];
  readonly #open = new Set<string>();

  constructor(aborted: Asked['aborted']) {
    this.#ahead = aborted
      .map(({ producerId, firstOffset }) => ({ producerId, firstOffset: Number(firstOffset) }))
      .sort((a, b) => a.firstOffset - b.firstOffset);
  }

  /** Whether these records of the batch belong to one. Batches have to come in their order. */
  hides(
    { producerId, lastOffset, inTransaction, isControl }: RecordBatch,
    records: readonly FetchedMessage[],
  ): boolean {
    for (let [first] = this.#ahead; first !== undefined && first.firstOffset <= lastOffset; [first] = this.#ahead) {
      this.#open.add(first.producerId);
      this.#ahead.shift();
    }
    if (isControl && records.some(isAbort)) this.#open.delete(producerId);
    return inTransaction && this.#open.has(producerId);
  }
}

/** A marker's key is its version and then its type: 0 abort, 1 commit. */
function isAbort({ key }: FetchedMessage): boolean {
  return key !== null && key.length >= 4 && key.readInt16BE(2) === 0;
}
