import { readdirSync, readFileSync } from 'node:fs';

/** One real writer: its schema and the Avro bytes of one record. */
export interface WriterCase {
  /** Folder and file, e.g. `empty-namespace/inner-record`. */
  readonly name: string;
  readonly schema: unknown;
  readonly bytes: Buffer;
}

const FOLDER = new URL('./writers/', import.meta.url);

/** All that stand in `test/support/writers`, by name. */
export const WRITER_CASES: ReadonlyMap<string, WriterCase> = new Map(
  readdirSync(FOLDER).flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, FOLDER))
      .filter((file) => file.endsWith('.hex'))
      .map((file): [string, WriterCase] => {
        const name = `${folder}/${file.slice(0, -'.hex'.length)}`;
        const text = (ending: string): string => readFileSync(new URL(`${name}${ending}`, FOLDER), 'utf8');
        return [name, { name, schema: JSON.parse(text('.avsc.json')), bytes: Buffer.from(text('.hex').trim(), 'hex') }];
      }),
  ),
);

/** The bytes of such a record with another payment id, of three letters as theirs is. */
export function withPaymentId(bytes: Buffer, paymentId: string): Buffer {
  return Buffer.from(bytes.toString('latin1').replace('P-1', paymentId), 'latin1');
}
