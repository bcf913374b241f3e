import { createPublicKey, type KeyObject } from 'node:crypto';
import { Misconfigured } from '../../core/misconfigured.ts';
import { GATEWAY, loadKeys, SIGNING, type LoadedKeys } from '../../http/key-set.ts';
import { fail, ok, type Check } from './check.ts';

/** Both key directories as `run` would load them, or all that is wrong with them. */
export type KeysSeen = LoadedKeys | { readonly problems: readonly string[] };

/** Loads the keys: each private one has signed, and its public half has verified, before it counts as loaded. */
export function lookAtKeys(signingDir: string, gatewayDir: string): KeysSeen {
  try {
    return loadKeys(signingDir, gatewayDir);
  } catch (error) {
    if (error instanceof Misconfigured) return { problems: error.problems };
    throw error;
  }
}

/** What `run` would refuse, and a pair of which both halves are ours. */
export function checkKeys(keys: KeysSeen): Check[] {
  if ('problems' in keys) {
    return keys.problems.map((problem) => {
      const [finding, ...remedy] = problem.split('; ');
      return fail('keys', `wrong: ${finding ?? problem}`, remedy.join('; ') || 'mend what is said there');
    });
  }
  const { signing, gateway } = keys;
  const ours = signing.keys.versions.map(({ version, key }) => ({ version, publicKey: createPublicKey(key) }));
  const own = gateway.keys.flatMap(({ name, key }) =>
    ours.filter(({ publicKey }) => publicKey.equals(key)).map(({ version }) => ({ name, version })),
  );
  const sizes = [...signing.keys.versions, ...gateway.keys].map(({ key }) => bits(key));
  return [
    ok('signing keys', `${SIGNING.describe(signing.keys).replace(/^signing keys: /, '')}; each signs and verifies`),
    ...own.map(({ name, version }) =>
      fail(
        'gateway keys',
        `wrong: ${name}.pem is the public half of our own key ${version}: no answer of the gateway will verify`,
        "put the gateway's public key there, as its console shows it, and ours into the console",
      ),
    ),
    ...(own.length > 0
      ? []
      : [
          ok(
            'gateway keys',
            `${GATEWAY.describe(gateway.keys).replace(/^gateway keys: /, '')}; ${Math.min(...sizes)} bits`,
          ),
        ]),
  ];
}

function bits(key: KeyObject): number {
  return key.asymmetricKeyDetails?.modulusLength ?? 0;
}
