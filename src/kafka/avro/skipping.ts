import type { Cursor } from './cursor.ts';
import type { WriterRecord, WriterType } from './writer-schema.ts';

/** Moves past one value without looking at more of it than its length. */
export type Skip = (cursor: Cursor) => void;

/**
 * Makes what passes over values of a writer's types, for the fields that are not read. Every step takes bytes, and what
 * takes none is never repeated: so the time is linear in the bytes, whatever they claim to hold.
 */
export class Skipping {
  readonly #records = new Map<WriterRecord, Skip | undefined>();

  /** @returns `undefined` for a type whose values take no bytes. Throws `SchemaMismatch` where a type is not defined. */
  over(type: WriterType): Skip | undefined {
    switch (type.kind) {
      case 'null':
        return undefined;
      case 'boolean':
        return (cursor) => cursor.skip(1);
      case 'float':
        return (cursor) => cursor.skip(4);
      case 'double':
        return (cursor) => cursor.skip(8);
      case 'int':
      case 'long':
        return (cursor) => cursor.skipNumber();
      case 'bytes':
      case 'string':
        return (cursor) => cursor.skipSized();
      case 'fixed':
        return type.size === 0 ? undefined : (cursor) => cursor.skip(type.size);
      case 'enum':
        return (cursor) => void cursor.index(type.symbols.length);
      case 'array':
        return blocks(this.over(type.items));
      case 'map':
        return blocks(sequence([(cursor) => cursor.skipSized(), this.over(type.items)]));
      case 'union':
        return choice(type.branches.map((branch) => this.over(branch)));
      case 'record':
        return this.#record(type);
      case 'reference':
        return this.over(type.target());
    }
  }

  #record(record: WriterRecord): Skip | undefined {
    if (this.#records.has(record)) return this.#records.get(record);
    // A record may hold itself: its fields find this.
    this.#records.set(record, (cursor) => this.#records.get(record)?.(cursor));
    const fields = sequence(record.fields.map(({ type }) => this.over(type)));
    const skip: Skip | undefined =
      fields &&
      ((cursor) => {
        cursor.enter();
        fields(cursor);
        cursor.leave();
      });
    this.#records.set(record, skip);
    return skip;
  }
}

function sequence(all: readonly (Skip | undefined)[]): Skip | undefined {
  const skips = all.filter((skip) => skip !== undefined);
  if (skips.length <= 1) return skips[0];
  return (cursor) => {
    for (const skip of skips) skip(cursor);
  };
}

function choice(branches: readonly (Skip | undefined)[]): Skip {
  return (cursor) => branches[cursor.index(branches.length)]?.(cursor);
}

/**
 * Items of arrays and maps come in blocks: a count, negative where the block's length in bytes follows it; 0 ends. Each
 * item takes a byte at least, so that whatever the count says, the end of the bytes is the end of the loop.
 */
function blocks(item: Skip | undefined): Skip {
  return (cursor) => {
    for (let count = cursor.long(); count !== 0; count = cursor.long()) {
      if (count < 0) cursor.skipSized();
      else if (item !== undefined) for (let rest = count; rest > 0; rest -= 1) item(cursor);
    }
  };
}
