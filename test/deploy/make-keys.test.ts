import { execFileSync } from 'node:child_process';
import { createPublicKey, sign, verify } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../deploy/compose/make-keys.mjs', import.meta.url));

let keysDir: string;
let gatewayDir: string;

beforeEach(() => {
  keysDir = mkdtempSync(join(tmpdir(), 'signing-keys-'));
  gatewayDir = mkdtempSync(join(tmpdir(), 'gateway-'));
});

afterEach(() => {
  for (const folder of [keysDir, gatewayDir]) rmSync(folder, { recursive: true });
});

function makeKeys(): string {
  execFileSync(process.execPath, [SCRIPT, keysDir, gatewayDir], { stdio: 'pipe' });
  return readFileSync(join(keysDir, '1.pem'), 'utf8');
}

describe('deploy/compose/make-keys.mjs', () => {
  it('makes a pair whose public half verifies what the private one signs', () => {
    const privateKey = makeKeys();
    const publicKey = createPublicKey(readFileSync(join(gatewayDir, 'merchant.pem')));
    expect(publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
    expect(verify('sha256', Buffer.from('x'), publicKey, sign('sha256', Buffer.from('x'), privateKey))).toBe(true);
  });

  it('keeps the pair it finds, and leaves nothing else behind', () => {
    expect(makeKeys()).toBe(makeKeys());
    expect(readdirSync(keysDir)).toEqual(['1.pem']);
    expect(readdirSync(gatewayDir).sort()).toEqual(['merchant.pem', 'state']);
  });

  it('lets only owner and group read the private key', () => {
    makeKeys();
    expect(statSync(join(keysDir, '1.pem')).mode & 0o777).toBe(0o440);
  });
});
