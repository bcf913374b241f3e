import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { certificateFor, gatewayKeysFolder, pem, rsaKeyPair, temporaryFolder } from '../../support/keys.ts';
import type { GatewayOrder, GatewaySays } from './gateway-server.ts';

const SERVER = fileURLToPath(new URL('gateway-server.ts', import.meta.url));
const CLIENT_ID = 'SANDBOX_BENCH';

/** The bench's gateway; what it does and leaves out stands in `gateway-server.ts`. */
export interface BenchGateway {
  readonly pid: number;
  /** What a program needs to reach it, each under a name of its own. */
  settings(whose: string): Readonly<Record<string, string>>;
  /** Asked one at a time. */
  ask<K extends GatewayOrder['kind']>(order: Extract<GatewayOrder, { kind: K }>): Promise<GatewaySays[K]>;
  stop(): Promise<void>;
}

/** Starts it on any free port. */
export async function startBenchGateway(): Promise<BenchGateway> {
  const certificate = await certificateFor(['localhost', '127.0.0.1']);
  const { privateKey, publicKey } = rsaKeyPair('gateway');
  const child = fork(SERVER, { execArgv: ['--import', 'tsx'] });
  const ended = once(child, 'exit').then(() => {
    throw new Error('the gateway of the bench has ended');
  });
  // Told to whoever asks next.
  ended.catch(() => undefined);
  const ask: BenchGateway['ask'] = async (order) => {
    const answered = once(child, 'message');
    child.send(order);
    const [said] = (await Promise.race([answered, ended])) as [never];
    return said;
  };
  const { port } = await ask({ kind: 'listen', ...certificate, signingKey: pem(privateKey), clientId: CLIENT_ID });
  const files = {
    GATEWAY_CLIENT_ID: CLIENT_ID,
    GATEWAY_CA_FILE: `${temporaryFolder({ 'ca.pem': certificate.cert })}/ca.pem`,
    GATEWAY_PUBLIC_KEYS_DIR: gatewayKeysFolder({ 1: publicKey }),
  };
  return {
    pid: child.pid ?? 0,
    settings: (whose) => ({ ...files, GATEWAY_URL: `https://127.0.0.1:${port}/${whose}` }),
    ask,
    stop: async () => {
      child.kill();
      await ended.catch(() => undefined);
    },
  };
}
