const HIGH = 2 ** 32;

/** Reads numbers and texts one after the other, as Kafka's older, "not flexible" messages have them; throws behind the end. */
export class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  int8(): number {
    return this.#bytes.readInt8(this.#skip(1));
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#skip(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#skip(4));
  }

  int64(): number {
    const at = this.#skip(8);
    return this.#bytes.readInt32BE(at) * HIGH + this.#bytes.readUInt32BE(at + 4);
  }

  string(): string | null {
    const length = this.int16();
    return length < 0 ? null : this.#take(length).toString();
  }

  bytes(): Buffer | null {
    const length = this.int32();
    return length < 0 ? null : this.#take(length);
  }

  #take(length: number): Buffer {
    const at = this.#skip(length);
    if (this.#at > this.#bytes.length) throw new RangeError('cut off');
    return this.#bytes.subarray(at, this.#at);
  }

  #skip(length: number): number {
    const at = this.#at;
    this.#at += length;
    return at;
  }
}

/** Writes what `Reader` reads, into memory that grows. */
export class Writer {
  #bytes = Buffer.allocUnsafe(256);
  #end = 0;

  int8(value: number): void {
    const at = this.#reserve(1);
    this.#bytes.writeInt8(value, at);
  }

  int16(value: number): void {
    const at = this.#reserve(2);
    this.#bytes.writeInt16BE(value, at);
  }

  int32(value: number): void {
    const at = this.#reserve(4);
    this.#bytes.writeInt32BE(value, at);
  }

  int64(value: number): void {
    const at = this.#reserve(8);
    this.#bytes.writeInt32BE(Math.floor(value / HIGH), at);
    this.#bytes.writeUInt32BE(((value % HIGH) + HIGH) % HIGH, at + 4);
  }

  string(value: string | null): void {
    const bytes = value === null ? null : Buffer.from(value);
    this.int16(bytes === null ? -1 : bytes.length);
    if (bytes !== null) this.raw(bytes);
  }

  bytes(value: Buffer | null): void {
    this.int32(value === null ? -1 : value.length);
    if (value !== null) this.raw(value);
  }

  raw(value: Buffer): void {
    const at = this.#reserve(value.length);
    value.copy(this.#bytes, at);
  }

  /** What was written, behind its own length. */
  framed(): Buffer {
    const frame = Buffer.allocUnsafe(4 + this.#end);
    frame.writeInt32BE(this.#end);
    this.#bytes.copy(frame, 4, 0, this.#end);
    return frame;
  }

  #reserve(length: number): number {
    const at = this.#end;
    this.#end += length;
    if (this.#end > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#end, this.#bytes.length * 2));
      this.#bytes.copy(grown, 0, 0, at);
      this.#bytes = grown;
    }
    return at;
  }
}
