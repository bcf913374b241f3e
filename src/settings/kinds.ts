import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { isIPv4, isIPv6 } from 'node:net';
import { durationMs } from '../core/duration.ts';
import type { Tier } from '../core/retry-policy.ts';
import { privateKeyProblem, readCertificates } from './certificates.ts';

/**
 * The kinds of values an operator can write. Each reads a text, or says what is wrong with it and what would be right, in
 * words that follow the variable's name. What may be a secret is never repeated.
 */
export type Kind<T> = (text: string) => T | Wrong;

/** What is wrong with a value, remedy included. */
export class Wrong {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** `text` as it may be shown, and what is wrong with it. */
export function wrong(text: string, remedy: string): Wrong {
  return new Wrong(`${shown(text)} ${remedy}`);
}

/** The value on one line, cut; not at all where it may carry a credential. */
function shown(text: string): string {
  if (/@|-----BEGIN/.test(text)) return 'the value (not shown)';
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

/** Any text of the pattern; `what` continues "… is not". */
export function matching(pattern: RegExp, what: string): Kind<string> {
  return (text) => (pattern.test(text) ? text : wrong(text, `is not ${what}`));
}

/** Exactly one of the words. */
export function oneOf<const T extends string>(...words: readonly T[]): Kind<T> {
  return (text) => words.find((word) => word === text) ?? wrong(text, `is not known; use ${words.join(' or ')}`);
}

/** `true` or `false`. */
export const boolean: Kind<boolean> = (text) => {
  const word = oneOf('true', 'false')(text);
  return word instanceof Wrong ? word : word === 'true';
};

/** A whole number from `min` to `max`, both included, in plain digits. */
export function integer(min: number, max: number): Kind<number> {
  const remedy = `write a whole number from ${String(min)} to ${String(max)}`;
  return (text) => {
    if (!/^\d+$/.test(text)) return wrong(text, `is not a whole number; ${remedy}`);
    const value = Number(text);
    return value >= min && value <= max ? value : wrong(text, `is out of range; ${remedy}`);
  };
}

/** Milliseconds, written as `5s`; from `min` to `max`, both included and written the same way. */
export function duration(min: string, max: string): Kind<number> {
  return (text) => readDuration(text, min, max);
}

function readDuration(text: string, min: string, max: string): number | Wrong {
  const [value, from, to] = [text, min, max].map(durationMs);
  if (value === undefined || from === undefined || to === undefined) {
    return wrong(text, 'is not a duration; write a number and a unit: 250ms, 5s, 2m, 1h');
  }
  return value >= from && value <= to ? value : wrong(text, `is out of range; choose from ${min} to ${max}`);
}

function items(text: string): string[] {
  return text.split(',').map((item) => item.trim());
}

/** `host:port` of each broker; an IPv6 address stands in brackets. */
export const brokers: Kind<readonly string[]> = (text) => {
  const bad = items(text).find((broker) => {
    const [, name, address, port] = /^(?:([\w.-]+)|\[([^\]]+)\]):(\d{1,5})$/.exec(broker) ?? [];
    const isHost = name !== undefined || (address !== undefined && isIPv6(address));
    return !(isHost && Number(port) >= 1 && Number(port) <= 65_535);
  });
  if (bad === undefined) return items(text);
  return wrong(bad, 'is not host:port; write host:port,host:port without a scheme, an IPv6 address as [::1]:port');
};

/** Result codes of the gateway. */
export const codes: Kind<readonly string[]> = (text) => {
  const bad = items(text).find((code) => !/^[A-Z_]+$/.test(code));
  return bad === undefined ? items(text) : wrong(bad, 'is not a result code; write them as CODE_ONE,CODE_TWO');
};

/** At least one delay of 1 ms to 7 days, each once; in any order. */
export const retryTiers: Kind<readonly [Tier, ...Tier[]]> = (text) => {
  const tiers: Tier[] = [];
  for (const name of items(text)) {
    const delayMs = readDuration(name, '1ms', '7d');
    if (delayMs instanceof Wrong) return delayMs;
    if (tiers.some((tier) => tier.delayMs === delayMs)) return wrong(name, 'is there twice; write each delay once');
    tiers.push({ name, delayMs });
  }
  const [first, ...more] = tiers;
  return first === undefined ? wrong(text, 'names no delay; write at least one, such as 5s') : [first, ...more];
};

/** A topic's name by Kafka's rules. */
export const topicName: Kind<string> = (text) =>
  /^[a-zA-Z0-9._-]{1,249}$/.test(text) && text !== '.' && text !== '..'
    ? text
    : wrong(text, 'is not a topic name; use 1 to 249 letters, digits, dots, underscores and hyphens');

/** No part of an address is shown but its host: it may carry a credential. */
function readUrl(text: string): URL | Wrong {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    return new Wrong('is not an http(s) address; write it in full, such as https://host:port/path');
  }
  if (url.username !== '' || url.password !== '') {
    return new Wrong('carries credentials; take them out and use the variables for them (secrets by file variables)');
  }
  return /[?#]/.test(text) ? new Wrong('carries a query or a fragment; end it after the path') : url;
}

/** An http or https address without credentials, query, fragment or trailing slash; its path is kept. */
export const httpUrl: Kind<string> = (text) => {
  const url = readUrl(text);
  return url instanceof Wrong ? url : url.href.replace(/\/+$/, '');
};

/** An https address without credentials, query or fragment; http for loopback hosts alone. */
export const gatewayUrl: Kind<URL> = (text) => {
  const url = readUrl(text);
  if (url instanceof Wrong || url.protocol === 'https:' || isLoopback(url.hostname)) return url;
  return new Wrong(`speaks plain http to ${url.hostname}; use https (http is for localhost, 127.0.0.0/8 and ::1 only)`);
};

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'));
}

function readFile(path: string, shownPath: string): Buffer | Wrong {
  try {
    const bytes = readFileSync(path);
    return bytes.length > 0 ? bytes : new Wrong(`names an empty file (${shownPath}); write the content into it`);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return new Wrong(`names a file that cannot be read (${shownPath}: ${code}); mount it or correct the path`);
  }
}

/** Where a path is expected and something else was written, it may be the secret itself. */
function secretPath(text: string): string {
  return /^\.{0,2}\//.test(text) ? shown(text) : 'not shown, it may be the secret itself';
}

/** The bytes of a PEM file with at least one certificate, and none that is damaged. */
export const certificates: Kind<Buffer> = (path) => {
  const bytes = readFile(path, shown(path));
  if (bytes instanceof Wrong) return bytes;
  const found = readCertificates(bytes);
  return 'problem' in found ? new Wrong(`names a file with ${found.problem} (${shown(path)})`) : withoutMark(bytes);
};

/** The bytes of a PEM file with a private key. */
export const privateKey: Kind<Buffer> = (path) => {
  const read = readFile(path, secretPath(path));
  if (read instanceof Wrong) return read;
  const bytes = withoutMark(read);
  const problem = privateKeyProblem(bytes);
  return problem === undefined ? bytes : new Wrong(`names a file with ${problem} (${secretPath(path)})`);
};

/** Editors put a byte order mark before what they save as UTF-8; it is no part of it. */
function withoutMark(bytes: Buffer): Buffer {
  return bytes.subarray(0, 3).equals(Buffer.from('\uFEFF')) ? bytes.subarray(3) : bytes;
}

/** A secret on one line of a file; a byte order mark before it and line ends behind it are dropped. */
export const secret: Kind<string> = (path) => {
  const bytes = readFile(path, secretPath(path));
  if (bytes instanceof Wrong) return bytes;
  if (!isUtf8(bytes))
    return new Wrong(`names a file that is not UTF-8 (${secretPath(path)}); save it as UTF-8 or ASCII`);
  const text = withoutMark(bytes)
    .toString('utf8')
    .replace(/[\r\n]+$/, '');
  const fault = text.trim() === '' ? 'an empty secret' : /\p{Cc}/u.test(text) ? 'more than one line' : undefined;
  return fault === undefined
    ? text
    : new Wrong(`names a file with ${fault} (${secretPath(path)}); write the secret on its first and only line`);
};

/** A secret that is sent in a header. */
export const headerSecret: Kind<string> = (path) => {
  const text = secret(path);
  if (text instanceof Wrong) return text;
  return /^[\x20-\x7e]+$/.test(text)
    ? text
    : new Wrong(
        `names a file with characters that cannot stand in a header (${secretPath(path)}); write the secret in ASCII`,
      );
};

/** `+08:30`: at most 14 hours from UTC. */
export const zoneOffset: Kind<string> = (text) => {
  const [, hours, minutes] = /^[+-](\d\d):(\d\d)$/.exec(text) ?? [];
  const fits = Number(minutes) < 60 && Number(hours) * 60 + Number(minutes) <= 14 * 60 && text !== '-00:00';
  return fits ? text : wrong(text, 'is not an offset; write sign, hours and minutes such as +00:00, at most ±14:00');
};
