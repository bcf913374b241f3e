import { shortened } from '../core/shortened.ts';

const LONGEST_MESSAGE = 500;

/** What of something thrown may be written. */
export interface ErrorFields {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
}

/** Type, message (at most 500 characters) and code of anything thrown; never what else a library hung on it. */
export function errorFields(error: unknown): ErrorFields {
  if (!(error instanceof Error)) return { type: typeof error, message: 'not an error' };
  const { name, message } = error;
  const code = 'code' in error ? error.code : undefined;
  const fields = { type: name, message: cut(message) };
  return typeof code === 'string' || typeof code === 'number' ? { ...fields, code } : fields;
}

/** The first 500 characters; an ellipsis says that there were more. */
export function cut(text: string): string {
  return shortened(text, LONGEST_MESSAGE);
}
