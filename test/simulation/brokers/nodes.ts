import type { Session } from './connection.ts';
import { FetchSessions, type SessionRules } from './fetch-sessions.ts';

const PORT = 9_092;

/** The brokers: which of them are up, and who is connected to them. */
export class Nodes {
  readonly ids: readonly number[];
  readonly #random: () => number;
  readonly #up: Set<number>;
  readonly #sessions = new Map<number, Set<Session>>();
  readonly #fetchSessions: ReadonlyMap<number, FetchSessions>;

  constructor(count: number, rules: SessionRules, random: () => number) {
    this.ids = Array.from({ length: count }, (_, at) => at + 1);
    this.#random = random;
    this.#fetchSessions = new Map(this.ids.map((id) => [id, new FetchSessions(rules, random)]));
    this.#up = new Set(this.ids);
  }

  get up(): readonly number[] {
    return this.ids.filter((id) => this.#up.has(id));
  }

  /** Any broker that is up passes for the controller: it hands on what is asked of it. 1 where none is. */
  get controller(): number {
    const { up } = this;
    return up[Math.floor(this.#random() * up.length)] ?? 1;
  }

  isUp(node: number): boolean {
    return this.#up.has(node);
  }

  address(node: number): { readonly host: string; readonly port: number } {
    return { host: `broker-${node}`, port: PORT };
  }

  at(host: string, port: number): number | undefined {
    return this.ids.find((id) => this.address(id).host === host && port === PORT);
  }

  fetchSessions(node: number): FetchSessions {
    const sessions = this.#fetchSessions.get(node);
    if (sessions === undefined) throw new Error(`there is no broker ${node}`);
    return sessions;
  }

  connected(node: number, session: Session): () => void {
    const sessions = this.#sessions.get(node) ?? new Set();
    this.#sessions.set(node, sessions.add(session));
    return () => void sessions.delete(session);
  }

  /** Ends every connection to it. */
  stop(node: number): void {
    this.#up.delete(node);
    this.fetchSessions(node).clear();
    const sessions = [...(this.#sessions.get(node) ?? [])];
    this.#sessions.delete(node);
    for (const session of sessions) session.hangUp();
  }

  start(node: number): void {
    this.#up.add(node);
  }
}
