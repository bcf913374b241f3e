/**
 * Makes the merchant's signing key pair for the compose system, where there is none yet:
 *
 *   node make-keys.mjs SIGNING_KEYS_DIR GATEWAY_DIR
 *
 * SIGNING_KEYS_DIR/1.pem is the private half, readable by the image's group alone, as a mounted Secret is.
 * GATEWAY_DIR/merchant.pem is the public half, and GATEWAY_DIR/state a folder the image's user may write to.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NONROOT = 65532;
const isRoot = process.getuid?.() === 0;

const [keysDir, gatewayDir] = process.argv.slice(2);
if (keysDir === undefined || gatewayDir === undefined) {
  console.error('usage: make-keys.mjs SIGNING_KEYS_DIR GATEWAY_DIR');
  process.exit(2);
}

const privateFile = join(keysDir, '1.pem');
if (!existsSync(privateFile)) {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  put(privateFile, privateKey, 0o440);
}

const publicKey = createPublicKey(createPrivateKey(readFileSync(privateFile)));
put(join(gatewayDir, 'merchant.pem'), publicKey.export({ type: 'spki', format: 'pem' }), 0o444);

const stateDir = join(gatewayDir, 'state');
if (!existsSync(stateDir)) {
  mkdirSync(stateDir);
  if (isRoot) chownSync(stateDir, NONROOT, NONROOT);
}

/** Whole or not at all: a run that was killed leaves no half a key behind. */
function put(file, text, mode) {
  const draft = `${file}.draft`;
  writeFileSync(draft, text, { mode: 0o600 });
  chmodSync(draft, mode);
  if (isRoot) chownSync(draft, 0, NONROOT);
  renameSync(draft, file);
}
