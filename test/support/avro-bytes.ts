/** A number as Avro writes an `int` or a `long`; more than 64 bits are written as they are. */
export function avroLong(value: bigint): Buffer {
  const bytes: number[] = [];
  for (let rest = value < 0n ? -2n * value - 1n : 2n * value; ; rest >>= 7n) {
    const group = Number(rest & 0x7fn);
    if (rest < 0x80n) return Buffer.from([...bytes, group]);
    bytes.push(group | 0x80);
  }
}
