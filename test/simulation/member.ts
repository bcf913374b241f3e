import { createPublicKey } from 'node:crypto';
import type { LoadedKeys } from '../../src/http/key-set.ts';
import { createKafka } from '../../src/kafka/kafkajs/client.ts';
import type { Expose } from '../../src/ops/exposition.ts';
import { startService, type Service } from '../../src/service/app.ts';
import { loadConfig } from '../../src/settings/load.ts';
import { rsaKeyPair } from '../support/keys.ts';
import type { SimulatedGateway } from './gateway.ts';
import type { Network } from './network.ts';
import { SimulatedProcess } from './processes.ts';
import type { SimulatedTime } from './time.ts';

/** What members are made of and in. */
export interface Habitat {
  readonly time: SimulatedTime;
  readonly network: Network;
  readonly gateway: SimulatedGateway;
  /** A line of a member's log. */
  readonly log: (member: string, line: string) => void;
  /** A member begins to drain. */
  readonly stopping: (member: string) => void;
}

/** How a member has ended. */
export interface End {
  /** Whether it was asked to, and did all it had begun. */
  readonly isClean: boolean;
  readonly detail: string;
  /** What would have held a process that had nothing more to do. */
  readonly left: readonly string[];
}

const SHUTDOWN_TIMEOUT_MS = 25_000;
/** A process that has drained ends at once; here it stays for a moment, so that it shows if something of it goes on. */
const LINGERS_MS = 2_000;
/** What it had asked somebody who does not answer is given up by then. */
const GIVES_UP_WITHIN_MS = 60_000;
const CURRENT_DIRECTORY = '.';
const KEYS = keysInMemory();

/** The whole service, as one process among others. */
export class Member {
  readonly process: SimulatedProcess;
  readonly settings: Readonly<Record<string, string>>;
  readonly #habitat: Habitat;
  readonly #onEnd: (end: End) => void;
  #service: Service | undefined;
  #expose: Expose | undefined;
  #isStopping = false;
  /** From then on it may send nothing. */
  drainedAt = Infinity;

  /** @param onEnd told once, unless the member is killed */
  constructor(
    name: string,
    settings: Readonly<Record<string, string>>,
    habitat: Habitat,
    onEnd: (member: Member, end: End) => void,
  ) {
    this.process = new SimulatedProcess(name);
    this.settings = settings;
    this.#habitat = habitat;
    this.#onEnd = (end) => onEnd(this, end);
    habitat.time.reach(this.process, 0, () => void this.#run());
  }

  get name(): string {
    return this.process.name;
  }

  /** Whether it runs, and nobody has asked it to end. */
  get isFree(): boolean {
    return !this.process.isGone && !this.process.isFrozen && !this.#isStopping;
  }

  /** Whether somebody has asked it to end. */
  get wasAsked(): boolean {
    return this.#isStopping;
  }

  /** What its gauges say that it holds in memory: keys of which an event is parked, and requests in flight. */
  async held(): Promise<number> {
    if (this.#expose === undefined) return 0;
    const { text } = await this.#expose();
    const values = [...text.matchAll(/^notifier_(?:fenced_keys|in_flight_requests) (\d+)$/gm)];
    if (values.length !== 2) throw new Error('a member does not tell what it holds');
    return values.reduce((sum, [, value]) => sum + Number(value), 0);
  }

  /** As SIGTERM. */
  stop(): void {
    this.#isStopping = true;
    this.#habitat.time.reach(this.process, 0, () => void this.#drain());
  }

  /** As SIGKILL. */
  kill(): void {
    this.process.end();
    this.#habitat.network.abandon(this.process);
  }

  async #run(): Promise<void> {
    const { network, gateway, log } = this.#habitat;
    const env = { SIGNING_KEYS_DIR: CURRENT_DIRECTORY, GATEWAY_PUBLIC_KEYS_DIR: CURRENT_DIRECTORY, ...this.settings };
    const service = await startService(
      loadConfig({ ...env, KAFKA_CLIENT_ID: this.name, SHUTDOWN_TIMEOUT: `${SHUTDOWN_TIMEOUT_MS}ms` }),
      KEYS,
      {
        createKafka: (settings, logs) => createKafka(settings, logs, undefined, network.socketFactory(this.process)),
        createSender: gateway.senderOf(this.process),
        startAdminServer: ({ port, metrics }) => {
          this.#expose = metrics;
          return Promise.resolve({ port, close: () => Promise.resolve() });
        },
        watchKeys: () => () => undefined,
        measureProcess: () => undefined,
        logDestination: () => ({ write: (line) => log(this.name, line) }),
      },
    );
    this.#service = service;
    service.failed.catch((error: unknown) => this.#end({ isClean: false, detail: String(error), left: [] }));
    if (this.#isStopping) await this.#drain();
  }

  async #drain(): Promise<void> {
    const service = this.#service;
    if (service === undefined) return;
    this.#service = undefined;
    this.#habitat.stopping(this.name);
    this.#habitat.time.after(SHUTDOWN_TIMEOUT_MS, () =>
      this.#end({ isClean: false, detail: 'not drained in time', left: [] }),
    );
    const isDrained = await service.stop();
    this.drainedAt = this.#habitat.time.now;
    const detail = isDrained ? 'drained' : 'not drained';
    const end = (): void => this.#end({ isClean: isDrained, detail, left: this.#left() });
    this.#habitat.time.after(LINGERS_MS, () => {
      if (this.#left().length === 0) end();
      else this.#habitat.time.after(GIVES_UP_WITHIN_MS, end);
    });
  }

  #left(): string[] {
    const { timers } = this.process;
    const connections = this.#habitat.network.openOf(this.process);
    return [
      ...(timers === 0 ? [] : [`${timers} timers`]),
      ...(connections === 0 ? [] : [`${connections} connections`]),
    ];
  }

  #end(end: End): void {
    if (this.process.isGone) return;
    this.kill();
    this.#onEnd(end);
  }
}

/** Keys that nothing is signed with. */
function keysInMemory(): LoadedKeys {
  const { privateKey } = rsaKeyPair();
  const signing = { version: '1', key: privateKey };
  return {
    signing: { dir: CURRENT_DIRECTORY, fingerprint: '', keys: { active: signing, versions: [signing] } },
    gateway: { dir: CURRENT_DIRECTORY, fingerprint: '', keys: [{ name: 'gateway', key: createPublicKey(privateKey) }] },
  };
}
