import { z } from 'zod';
import { Wrong, type Kind } from './kinds.ts';

/** One environment variable: how it is read, what holds where it is not set, and what it means. */
export interface Setting<T> {
  readonly schema: z.ZodType<T, string>;
  /** For the reference; Markdown. */
  readonly meaning: string;
  readonly absent:
    | { readonly kind: 'default'; readonly text: string }
    | { readonly kind: 'unset' }
    /** `example` tells who has to set it what to write. */
    | { readonly kind: 'required'; readonly example: string };
}

/** Some rows of the table, by variable. */
export type Rows = Readonly<Record<string, Setting<unknown>>>;

/** What each of the rows reads as. */
export type ValuesOf<R extends Rows> = { readonly [N in keyof R]: R[N] extends Setting<infer T> ? T : never };

/** Settings that belong together: their rows, what must not be said with them, and what is made of them. */
export interface Section<R extends Rows, T> {
  readonly rows: R;
  /**
   * What is wrong between the rows, a line each. A value that could not be read is undefined and contradicts nothing.
   *
   * @param given whether a variable is set at all, readable or not
   */
  contradictions?(values: Partial<ValuesOf<R>>, given: (name: keyof R) => boolean): Iterable<string>;
  /** What those who work with it get. Durations in milliseconds. */
  make(values: ValuesOf<R>): T;
}

/** States a section; its rows keep their own types. */
export function section<R extends Rows, T>(stated: Section<R, T>): Section<R, T> {
  return stated;
}

/** A variable without which nothing works. */
export function required<T>(kind: Kind<T>, example: string, meaning: string): Setting<T> {
  return { schema: schemaOf(kind), meaning, absent: { kind: 'required', example } };
}

/** A variable for which `text` stands where it is not set. */
export function preset<T>(kind: Kind<T>, text: string, meaning: string): Setting<T> {
  return { schema: schemaOf(kind), meaning, absent: { kind: 'default', text } };
}

/** A variable that may be left out. */
export function optional<T>(kind: Kind<T>, meaning: string): Setting<T | undefined> {
  return { schema: schemaOf(kind), meaning, absent: { kind: 'unset' } };
}

function schemaOf<T>(kind: Kind<T>): z.ZodType<T, string> {
  return z.string().transform((text, context) => {
    const value = kind(text);
    if (!(value instanceof Wrong)) return value;
    context.addIssue({ code: 'custom', message: value.message });
    return z.NEVER;
  });
}

/** For settings that only work together: what is missing beside those that are given. */
export function* incomplete<N extends string>(
  given: (name: N) => boolean,
  ...together: readonly N[]
): Iterable<string> {
  const present = together.filter(given);
  const missing = together.filter((name) => !given(name));
  if (present.length === 0 || missing.length === 0) return;
  yield `${missing.join(', ')}: not set, but ${present.join(', ')} is; set all of them or none`;
}

/** `{ [name]: value }`, or nothing to spread where there is no value. */
export function field<N extends string, T>(name: N, value: T | undefined): { readonly [K in N]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [K in N]?: T };
}
