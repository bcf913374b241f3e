import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  randomUUID,
  type KeyObject,
  X509Certificate,
} from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { generate } from 'selfsigned';

/** Who the simulated gateway is: its certificate on the wire and its key on the answers. */
export interface Identity {
  /** PEM, for the TLS server. */
  readonly tls: { readonly cert: string; readonly key: string };
  /** The certificate's file; a client trusts it as its CA. */
  readonly caFile: string;
  /** Signs the answers. */
  readonly gatewayKey: KeyObject;
  /** A key nobody was told of, for answers that must not verify. */
  readonly wrongKey: KeyObject;
  /** Directory with the public half of `gatewayKey`, `gateway.pem`. */
  readonly publicKeysDir: string;
}

const DAY_MS = 86_400_000;
const CERTIFICATE_DAYS = 365;

/**
 * Loads the identity kept in a directory, and makes what is missing, expired or damaged. Private halves are readable by
 * their owner only.
 *
 * @param hostNames names and addresses the certificate is good for, besides `localhost` and `127.0.0.1`
 */
export async function loadIdentity(stateDir: string, hostNames: readonly string[]): Promise<Identity> {
  const dir = resolve(stateDir);
  const publicKeysDir = join(dir, 'gateway-public');
  await mkdir(publicKeysDir, { recursive: true });
  const [tls, gatewayKey, wrongKey] = await Promise.all([
    tlsPair(dir, ['localhost', '127.0.0.1', ...hostNames]),
    rsaKey(join(dir, 'gateway-private.pem')),
    rsaKey(join(dir, 'wrong-private.pem')),
  ]);
  const publicPem = createPublicKey(gatewayKey).export({ type: 'spki', format: 'pem' }).toString();
  await store(join(publicKeysDir, 'gateway.pem'), publicPem, 0o644);
  return { tls, caFile: join(dir, 'tls-cert.pem'), gatewayKey, wrongKey, publicKeysDir };
}

async function rsaKey(file: string): Promise<KeyObject> {
  const kept = await attempt(async () => createPrivateKey(await readFile(file, 'utf8')));
  if (kept?.asymmetricKeyType === 'rsa') return kept;
  // As PEM: on Node 20 a process can freeze when it exports a key object while its maker is garbage-collected.
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  await store(file, privateKey, 0o600);
  return createPrivateKey(privateKey);
}

async function tlsPair(dir: string, names: readonly string[]): Promise<{ cert: string; key: string }> {
  const files = { cert: join(dir, 'tls-cert.pem'), key: join(dir, 'tls-key.pem') };
  const kept = await attempt(async () => {
    const pair = { cert: await readFile(files.cert, 'utf8'), key: await readFile(files.key, 'utf8') };
    return stillServes(pair, names) ? pair : undefined;
  });
  if (kept !== undefined) return kept;
  const now = Date.now();
  const made = await generate([{ name: 'commonName', value: 'payment-notifier gateway simulator' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - DAY_MS),
    notAfterDate: new Date(now + CERTIFICATE_DAYS * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) => (isIP(name) > 0 ? { type: 7, ip: name } : { type: 2, value: name })),
      },
    ],
  });
  await store(files.key, made.private, 0o600);
  await store(files.cert, made.cert, 0o644);
  return { cert: made.cert, key: made.private };
}

function stillServes(pair: { readonly cert: string; readonly key: string }, names: readonly string[]): boolean {
  const certificate = new X509Certificate(pair.cert);
  return (
    certificate.checkPrivateKey(createPrivateKey(pair.key)) &&
    Date.parse(certificate.validTo) > Date.now() + DAY_MS &&
    names.every((name) => (isIP(name) > 0 ? certificate.checkIP(name) : certificate.checkHost(name)) !== undefined)
  );
}

/** Replaces a file in one step: a reader never sees half of it. */
async function store(file: string, text: string, mode: number): Promise<void> {
  const draft = `${file}.${randomUUID()}.tmp`;
  await writeFile(draft, text, { mode });
  await rename(draft, file);
}

async function attempt<T>(load: () => Promise<T>): Promise<T | undefined> {
  try {
    return await load();
  } catch {
    return undefined;
  }
}
