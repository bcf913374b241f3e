import { spawn } from 'node:child_process';
import type { KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ReceivedRequest } from '../../src/simulator/request-log.ts';
import { CLI } from './command.ts';
import { pem, temporaryFolder } from './keys.ts';
import { until } from './until.ts';

const SETTINGS = ['GATEWAY_URL', 'GATEWAY_CLIENT_ID', 'GATEWAY_CA_FILE', 'GATEWAY_PUBLIC_KEYS_DIR'] as const;

/** The gateway's simulator in a process of its own, so that its work does not disturb who measures. */
export interface GatewayProcess {
  /** What the service needs to reach it. */
  readonly settings: Readonly<Record<(typeof SETTINGS)[number], string>>;
  stop(): void;
}

/** Starts the built simulator on any free port. @param onRequest gets each request when its answer goes out */
export async function startGateway(
  clientId: string,
  publicKey: KeyObject,
  onRequest?: (request: ReceivedRequest) => void,
): Promise<GatewayProcess> {
  const stateDir = mkdtempSync(join(tmpdir(), 'payment-notifier-gateway-'));
  const keyFile = join(temporaryFolder({ 'client.pem': pem(publicKey) }), 'client.pem');
  const args = ['simulate', '--port', '0', '--client-id', clientId, '--public-key', keyFile, '--state-dir', stateDir];
  const child = spawn(process.execPath, [CLI, ...args, '--json'], {
    stdio: ['ignore', onRequest === undefined ? 'ignore' : 'pipe', 'pipe'],
  });
  if (child.stdout !== null && onRequest !== undefined) {
    createInterface({ input: child.stdout }).on('line', (line) => onRequest(JSON.parse(line) as ReceivedRequest));
  }
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const value = (name: string): string => new RegExp(`^${name}=(.+)$`, 'm').exec(said)?.[1] ?? '';
  await until('the gateway to listen', () => {
    if (child.exitCode !== null) throw new Error(`the gateway ended: ${said}`);
    return SETTINGS.every((name) => value(name) !== '') && said.endsWith('\n');
  });
  return {
    settings: Object.fromEntries(SETTINGS.map((name) => [name, value(name)])) as GatewayProcess['settings'],
    stop: () => {
      child.kill();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
