import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What must stand in nothing that a service prints or serves: where each text comes from, and the text. */
export type Secrets = readonly (readonly [from: string, text: string])[];

/** Longer than any name, id or hash of ours; shorter than an RSA signature in base64, which has 342 characters or more. */
const SIGNATURE = /[\w+/%-]{300,}/;
const MARKS = ['PRIVATE KEY', 'signature=', 'algorithm=RSA256'];

/** The secrets a service with these settings is given: its keys line by line, its token and passwords in each writing. */
export function secretsOf(settings: Readonly<Record<string, string>>): Secrets {
  const { SIGNING_KEYS_DIR: keys = '', KAFKA_SSL_KEY_FILE: tlsKey } = settings;
  const pems = existsSync(keys) ? readdirSync(keys).map((name) => join(keys, name)) : [];
  return [
    ...[...pems, tlsKey].flatMap((file) => textsOf(file, (text) => text.split('\n').filter(isKeyMaterial))),
    ...Object.entries(settings)
      .filter(([name]) => /_(PASSWORD|TOKEN)_FILE$/.test(name))
      .flatMap(([, file]) => textsOf(file, (text) => [text.trim(), Buffer.from(text.trim()).toString('base64')])),
  ];
}

/** Says what of these secrets, or of the form of a signature, stands in the text; `undefined` where nothing does. */
export function secretIn(text: string, secrets: Secrets): string | undefined {
  const mark = MARKS.find((candidate) => text.includes(candidate));
  if (mark !== undefined) return `"${mark}"`;
  const [from] = secrets.find(([, secret]) => text.includes(secret)) ?? [];
  return from ?? (SIGNATURE.test(text) ? 'something as long as a signature' : undefined);
}

function textsOf(file: string | undefined, texts: (content: string) => string[]): Secrets {
  if (file === undefined || !statSync(file, { throwIfNoEntry: false })?.isFile()) return [];
  return texts(readFileSync(file, 'utf8')).flatMap((text) => (text === '' ? [] : [[file, text] as const]));
}

function isKeyMaterial(line: string): boolean {
  return /^[\w+/=]{40,}$/.test(line);
}
