/** The checksum of a record batch: CRC-32C (Castagnoli), read eight bytes at a time from eight tables. */
const POLYNOMIAL = 0x82f63b78;

const tables = Array.from({ length: 8 }, () => new Int32Array(256));
const [T0, T1, T2, T3, T4, T5, T6, T7] = tables as [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
];
for (let byte = 0; byte < 256; byte += 1) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  T0[byte] = crc;
}
for (let table = 1; table < 8; table += 1) {
  for (let byte = 0; byte < 256; byte += 1) {
    const before = tables[table - 1]?.[byte] ?? 0;
    (tables[table] as Int32Array)[byte] = at(T0, before) ^ (before >>> 8);
  }
}

function at(table: Int32Array, index: number): number {
  return table[index & 0xff] as number;
}

/** The CRC-32C of these bytes, as an unsigned number. */
export function crc32c(bytes: Uint8Array): number {
  const { length } = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  let crc = -1;
  let from = 0;
  for (; from + 8 <= length; from += 8) {
    crc ^= view.getInt32(from, true);
    const next = view.getInt32(from + 4, true);
    crc =
      at(T7, crc) ^
      at(T6, crc >>> 8) ^
      at(T5, crc >>> 16) ^
      at(T4, crc >>> 24) ^
      at(T3, next) ^
      at(T2, next >>> 8) ^
      at(T1, next >>> 16) ^
      at(T0, next >>> 24);
  }
  for (; from < length; from += 1) crc = at(T0, crc ^ view.getUint8(from)) ^ (crc >>> 8);
  return ~crc >>> 0;
}
