declare module 'kafkajs-snappy' {
  const codec: () => {
    compress(encoder: { buffer: Buffer }): Promise<Buffer>;
    decompress(bytes: Buffer): Promise<Buffer>;
  };
  export default codec;
}
declare module 'lz4js' {
  const lz4: {
    /** Writes behind what is written already, and says where it ends; a block may refer to those before it. */
    decompressBlock(from: Uint8Array, to: Uint8Array, start: number, length: number, end: number): number;
  };
  export default lz4;
}
