import { createPrivateKey, createPublicKey, sign, verify, X509Certificate, type KeyObject } from 'node:crypto';

/** A key that may be used, or one line that says what is wrong with the file and what to do, without its content. */
export type ParsedKey = { readonly key: KeyObject } | { readonly problem: string };

/** Below this a signature of ours, or one we believe, is not worth having. */
const MIN_BITS = 2048;

/**
 * Reads our private key: PKCS#8 as PEM or as bare base64 of its DER. It has signed, and its public half has verified,
 * before it is returned. Messages of the crypto library are dropped: they may quote what they could not read.
 */
export function parsePrivateKey(bytes: Buffer): ParsedKey {
  const found = recognise(bytes);
  switch (found.kind) {
    case 'private':
      return checked(found.key) ?? (signsWell(found.key) ? { key: found.key } : { problem: DOES_NOT_SIGN });
    case 'public':
      return { problem: 'holds a public key; put the private key of the pair here' };
    case 'certificate':
      return { problem: 'holds a certificate; put the private key it was made with here' };
    case 'encrypted':
      return { problem: 'holds an encrypted key; decrypt it with: openssl pkcs8 -in <encrypted> -out <this file>' };
    case 'several':
      return { problem: 'holds more than one PEM block; leave only the private key' };
    case 'empty':
      return { problem: `is empty; put the private key here, ${PRIVATE_FORM}` };
    case 'unknown':
      return { problem: `holds no private key that can be read; put one here, ${PRIVATE_FORM}` };
  }
}

/** Reads a public key of the gateway: SPKI as PEM or as bare base64 of its DER. A certificate is refused. */
export function parsePublicKey(bytes: Buffer): ParsedKey {
  const found = recognise(bytes);
  switch (found.kind) {
    case 'public':
      return checked(found.key) ?? { key: found.key };
    case 'private':
    case 'encrypted':
      return { problem: "holds a private key; remove it and put the gateway's public key here" };
    case 'certificate':
      return { problem: 'holds a certificate; extract its key with: openssl x509 -pubkey -noout -in <certificate>' };
    case 'several':
      return { problem: 'holds more than one PEM block; give each public key its own file' };
    case 'empty':
      return { problem: `is empty; put the gateway's public key here, ${PUBLIC_FORM}` };
    case 'unknown':
      return { problem: `holds no public key that can be read; put the gateway's here, ${PUBLIC_FORM}` };
  }
}

const PRIVATE_FORM = 'PKCS#8 as PEM or as base64 of its DER';
const PUBLIC_FORM = 'SPKI as PEM or as base64 of its DER';
const DOES_NOT_SIGN = 'holds a damaged key, whose own signature does not verify; export the key again';

type Found =
  | { readonly kind: 'private' | 'public'; readonly key: KeyObject }
  | { readonly kind: 'encrypted' | 'certificate' | 'several' | 'empty' | 'unknown' };

/** A PEM is told by its label, and never offered to the library encrypted: that would ask the terminal for a password. */
function recognise(bytes: Buffer): Found {
  const text = bytes.toString('utf8').trim();
  if (text === '') return { kind: 'empty' };
  const labels = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)].map(([, label = '']) => label);
  const blocks = labels.filter((label) => !label.endsWith('PARAMETERS'));
  const [label] = blocks;
  if (label === undefined) return recogniseBare(text.replaceAll(/\s/g, ''));
  if (blocks.every((each) => each.endsWith('CERTIFICATE'))) return { kind: 'certificate' };
  if (blocks.length > 1) return { kind: 'several' };
  if (label.startsWith('ENCRYPTED') || /^Proc-Type:.*ENCRYPTED/m.test(text)) return { kind: 'encrypted' };
  if (label.endsWith('PRIVATE KEY')) return privateKey(() => createPrivateKey(text));
  if (label.endsWith('PUBLIC KEY')) return publicKey(() => createPublicKey(text));
  return { kind: 'unknown' };
}

function recogniseBare(base64: string): Found {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return { kind: 'unknown' };
  const key = Buffer.from(base64, 'base64');
  const asPrivate = privateKey(() => createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
  if (asPrivate.kind !== 'unknown') return asPrivate;
  const asPublic = publicKey(() => createPublicKey({ key, format: 'der', type: 'spki' }));
  return asPublic.kind === 'unknown' && isCertificate(key) ? { kind: 'certificate' } : asPublic;
}

function isCertificate(der: Buffer): boolean {
  try {
    new X509Certificate(der);
    return true;
  } catch {
    return false;
  }
}

function privateKey(parse: () => KeyObject): Found {
  try {
    return { kind: 'private', key: parse() };
  } catch (error) {
    const encrypted = error instanceof Error && 'code' in error && error.code === 'ERR_MISSING_PASSPHRASE';
    return { kind: encrypted ? 'encrypted' : 'unknown' };
  }
}

function publicKey(parse: () => KeyObject): Found {
  try {
    return { kind: 'public', key: parse() };
  } catch {
    return { kind: 'unknown' };
  }
}

function checked(key: KeyObject): { readonly problem: string } | undefined {
  if (key.asymmetricKeyType !== 'rsa') {
    return { problem: `holds a key of type ${key.asymmetricKeyType ?? 'unknown'}; the gateway takes RSA only` };
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits >= MIN_BITS) return undefined;
  return { problem: `holds an RSA key of ${String(bits)} bits; make one of ${String(MIN_BITS)} or more` };
}

function signsWell(key: KeyObject): boolean {
  const sample = Buffer.from('payment-notifier self-test');
  try {
    return verify('sha256', sample, createPublicKey(key), sign('sha256', sample, key));
  } catch {
    return false;
  }
}
