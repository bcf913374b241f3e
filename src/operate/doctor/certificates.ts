import { createPrivateKey, X509Certificate } from 'node:crypto';
import { fail, ok, warn, type Check } from './check.ts';

/** A file of certificates, by the setting that names it. */
export interface CertificateFile {
  readonly setting: string;
  readonly pem: Buffer;
  /** The private key that should belong to the first of them, by the setting that names it. */
  readonly key?: { readonly setting: string; readonly pem: Buffer };
}

/** When a certificate is good. Epoch milliseconds. */
export interface Validity {
  readonly subject: string;
  readonly from: number;
  readonly to: number;
}

const DAY_MS = 86_400_000;
/** Certificates that end within this time are warned of. */
const SOON_MS = 30 * DAY_MS;
const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** @param now epoch milliseconds */
export function checkCertificates(files: readonly CertificateFile[], now: number): Check[] {
  return files.flatMap(({ setting, pem, key }): Check[] => {
    const certificates = parse(pem);
    const [first] = certificates;
    if (first === undefined) {
      return [fail(setting, 'wrong: holds no certificate that can be read', 'write PEM certificates into the file')];
    }
    const dates = certificates.map((certificate) => checkValidity(setting, validityOf(certificate), now));
    const bad = dates.filter(({ status }) => status !== 'ok');
    const found = bad.length > 0 ? bad : dates.slice(0, 1);
    if (key !== undefined && !belongs(first, key.pem)) {
      found.push(fail(setting, `wrong: ${key.setting} is not its private key`, 'name both files of one pair'));
    }
    return found;
  });
}

/** @param now epoch milliseconds */
export function checkValidity(name: string, { subject, from, to }: Validity, now: number): Check {
  const day = (at: number): string => new Date(at).toISOString().slice(0, 10);
  if (now >= to) return fail(name, `wrong: the certificate ${subject} ended on ${day(to)}`, 'renew it');
  if (now < from) {
    return fail(name, `wrong: the certificate ${subject} begins on ${day(from)}`, 'check the clock of this machine');
  }
  const days = Math.floor((to - now) / DAY_MS);
  if (to - now < SOON_MS)
    return warn(name, `the certificate ${subject} ends on ${day(to)}, in ${days} days`, 'renew it');
  return ok(name, `the certificate ${subject} is good until ${day(to)}`);
}

function parse(pem: Buffer): X509Certificate[] {
  return [...pem.toString('latin1').matchAll(BLOCK)].flatMap(([block]) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
}

function validityOf({ subject, validFrom, validTo }: X509Certificate): Validity {
  const named = subject.replaceAll('\n', ', ') || 'without a name';
  return { subject: named, from: Date.parse(validFrom), to: Date.parse(validTo) };
}

function belongs(certificate: X509Certificate, pem: Buffer): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(pem));
  } catch {
    return false;
  }
}
