import { privatePart } from '../private-parts.ts';

/** Stands for the value of a header that has none: kafkajs cannot measure such a header, but it could write it. */
export const NO_VALUE = Buffer.alloc(0);

interface Encoder {
  writeVarIntBytes: (this: Encoder, value: Buffer | string | null) => Encoder;
}

const { prototype: encoder } = privatePart('protocol/encoder.js') as { prototype: Encoder };
const { writeVarIntBytes } = encoder;
/** Length 0 and length -1 take one byte each, so a header measured as empty can be written as one without a value. */
encoder.writeVarIntBytes = function (value) {
  return writeVarIntBytes.call(this, value === NO_VALUE ? null : value);
};
