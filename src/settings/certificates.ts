import { createPrivateKey, X509Certificate } from 'node:crypto';

const BLOCK = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[\s\S]*?(?:-----END \1-----|$)/g;

/**
 * The certificates of a PEM file, or what is wrong with it and what would be right. One that is damaged among others is
 * wrong, too: OpenSSL would read no further, and say nothing.
 */
export function readCertificates(bytes: Buffer): readonly X509Certificate[] | { readonly problem: string } {
  const blocks = bytes.toString('latin1').match(BLOCK) ?? [];
  const certificates = blocks.flatMap((block) => parsed(block) ?? []);
  if (certificates.length < blocks.length) {
    return { problem: 'a certificate that is damaged; export it again, or copy all of it' };
  }
  if (certificates.length > 0) return certificates;
  if (parsed(bytes) !== undefined) {
    return { problem: 'a certificate in DER; convert it with: openssl x509 -inform der -in <file> -out <file>.pem' };
  }
  const what = /PRIVATE KEY-----/.test(bytes.toString('latin1'))
    ? 'a private key and no certificate'
    : 'no certificate';
  return { problem: `${what}; put one here as PEM, beginning with -----BEGIN CERTIFICATE-----` };
}

function parsed(certificate: string | Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(certificate);
  } catch {
    return undefined;
  }
}

/** What is wrong with a private key for TLS, and what would be right; `undefined` where it can be used. */
export function privateKeyProblem(bytes: Buffer): string | undefined {
  try {
    createPrivateKey(bytes);
    return undefined;
  } catch {
    return /ENCRYPTED/.test(bytes.toString('latin1'))
      ? 'an encrypted key; decrypt it with: openssl pkey -in <encrypted> -out <file>'
      : 'no private key that can be read; put one here as PEM, beginning with -----BEGIN PRIVATE KEY-----';
  }
}

/** Whether a certificate file's first certificate was made with the key of the other file. */
export function belongTogether(certificate: Buffer, key: Buffer): boolean {
  const certificates = readCertificates(certificate);
  const [own] = 'problem' in certificates ? [] : certificates;
  return own?.checkPrivateKey(createPrivateKey(key)) ?? false;
}

/**
 * A line for each certificate of these files, by the variable that names them, that is past its time: it is no fault of the
 * configuration, as it could be used yesterday, and others beside it may do.
 *
 * @param now epoch milliseconds
 */
export function expired(files: Readonly<Record<string, Buffer | undefined>>, now: number): string[] {
  return Object.entries(files).flatMap(([name, bytes]) => {
    const certificates = bytes === undefined ? [] : readCertificates(bytes);
    if ('problem' in certificates) return [];
    return certificates
      .filter(({ validTo }) => Date.parse(validTo) < now)
      .map(({ subject, validTo }) => {
        const whose = subject.split('\n').at(-1) ?? '';
        return `${name}: the certificate of ${whose} expired on ${new Date(validTo).toISOString().slice(0, 10)}; renew it`;
      });
  });
}
