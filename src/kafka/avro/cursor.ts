import { isUtf8 } from 'node:buffer';

/** The bytes are not what the schema says that they are. */
export class MalformedBytes extends Error {
  override readonly name = 'MalformedBytes';
}

/** Records within records; a writer's own stack seldom goes this deep. */
const DEEPEST = 1_000;
const LOW_28_BITS = 2 ** 28;

/**
 * Walks once, forwards, through bytes that anybody may have written, in Avro's binary encoding. Whatever would lead past
 * their end, backwards or below `DEEPEST` throws `MalformedBytes`; nothing is allocated but the texts that are read.
 */
export class Cursor {
  readonly #bytes: Buffer;
  #at = 0;
  #depth = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Bytes not yet walked. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** Throws unless every byte was walked. */
  assertEnd(): void {
    if (this.left > 0) throw new MalformedBytes(`${this.left} bytes are left over`);
  }

  /**
   * A number of up to 64 bits, divided and rounded down: nanoseconds past 2^53 become milliseconds to the last one.
   *
   * @param divisor from 1 to 2^24
   */
  long(divisor = 1): number {
    let byte = this.#byte();
    if (byte < 0x80 && divisor === 1) return (byte >>> 1) ^ -(byte & 1);
    const isNegative = (byte & 1) === 1;
    let low = byte & 0x7f;
    let high = 0;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      byte = this.#byte();
      if (shift > 63 || (shift === 63 && byte > 1)) throw new MalformedBytes('a number has more than 64 bits');
      if (shift < 28) low |= (byte & 0x7f) << shift;
      else high += (byte & 0x7f) * 2 ** (shift - 28);
    }
    // Without its sign, the number is (high × 2^28 + low) / 2.
    const magnitudeHigh = Math.floor(high / 2);
    const magnitudeLow = (low >>> 1) + (high % 2) * (LOW_28_BITS / 2);
    const quotient = Math.floor(magnitudeHigh / divisor);
    const rest = (magnitudeHigh % divisor) * LOW_28_BITS + magnitudeLow;
    const magnitude = quotient * LOW_28_BITS + Math.floor(rest / divisor);
    const value = isNegative ? -magnitude - 1 : magnitude;
    if (!Number.isSafeInteger(value)) throw new MalformedBytes('a number is past 2^53');
    return value;
  }

  /** A number that names one of `count` things: 0 … `count` - 1. */
  index(count: number): number {
    const index = this.long();
    if (index < 0 || index >= count) throw new MalformedBytes(`there is no choice ${index} of ${count}`);
    return index;
  }

  /** Text that is not UTF-8 is not read: with its bytes replaced it would name a payment that does not exist. */
  text(): string {
    const length = this.#length();
    const from = this.#at;
    this.#at += length;
    const bytes = this.#bytes;
    let at = from;
    while (at < this.#at && (bytes[at] as number) < 0x80) at += 1;
    if (at === this.#at) return bytes.toString('latin1', from, at);
    if (!isUtf8(bytes.subarray(at, this.#at))) throw new MalformedBytes('a text is not UTF-8');
    return bytes.toString('utf8', from, this.#at);
  }

  skip(bytes: number): void {
    if (bytes > this.left) throw new MalformedBytes('the bytes end too early');
    this.#at += bytes;
  }

  /** Past a number of any size. */
  skipNumber(): void {
    for (let bytes = 1; this.#byte() >= 0x80; bytes += 1) {
      if (bytes === 10) throw new MalformedBytes('a number has more than 64 bits');
    }
  }

  /** Past a text or bytes, or a block whose length in bytes stands before it. */
  skipSized(): void {
    this.skip(this.#length());
  }

  /** Into a record that stands within another; to be paired with `leave`. */
  enter(): void {
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw new MalformedBytes(`records are nested more than ${DEEPEST} deep`);
  }

  leave(): void {
    this.#depth -= 1;
  }

  #length(): number {
    const length = this.long();
    if (length < 0 || length > this.left) throw new MalformedBytes(`${length} bytes are said to follow`);
    return length;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new MalformedBytes('the bytes end too early');
    this.#at += 1;
    return byte;
  }
}
