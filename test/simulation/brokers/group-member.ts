import type { Response } from './messages/apis.ts';

export type JoinAnswer = Response<'JoinGroup'>;
export type SyncAnswer = Response<'SyncGroup'>;

export interface Protocol {
  readonly name: string;
  readonly metadata: Buffer;
}

/** What of a member outlives a change of coordinators. */
export interface MemberRecord {
  readonly memberId: string;
  readonly clientId: string;
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocols: readonly Protocol[];
  readonly assignment: Buffer;
}

/** A member as its coordinator sees it. */
export class Member {
  readonly memberId: string;
  readonly clientId: string;
  readonly clientHost: string;
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  protocols: readonly Protocol[];
  assignment: Buffer = Buffer.alloc(0);
  /** Has not been in any generation yet. */
  isNew = true;
  awaitingJoin: ((answer: JoinAnswer) => void) | undefined;
  awaitingSync: ((answer: SyncAnswer) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(record: Omit<MemberRecord, 'assignment'>) {
    this.memberId = record.memberId;
    this.clientId = record.clientId;
    this.clientHost = record.clientHost;
    this.sessionTimeoutMs = record.sessionTimeoutMs;
    this.rebalanceTimeoutMs = record.rebalanceTimeoutMs;
    this.protocols = record.protocols;
  }

  get record(): MemberRecord {
    const { memberId, clientId, clientHost, sessionTimeoutMs, rebalanceTimeoutMs, protocols, assignment } = this;
    return { memberId, clientId, clientHost, sessionTimeoutMs, rebalanceTimeoutMs, protocols, assignment };
  }

  metadataFor(protocol: string): Buffer {
    return this.protocols.find(({ name }) => name === protocol)?.metadata ?? Buffer.alloc(0);
  }

  /** Whether it joins with what it joined with before. */
  matches(protocols: readonly Protocol[]): boolean {
    return (
      protocols.length === this.protocols.length &&
      this.protocols.every(
        ({ name, metadata }, at) => protocols[at]?.name === name && protocols[at].metadata.equals(metadata),
      )
    );
  }

  /** From now on it is given up after so long without a word, unless it waits for others. */
  expectHeartbeat(withinMs: number, expired: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const isWaiting = this.awaitingJoin !== undefined || this.awaitingSync !== undefined;
      if (this.isNew || !isWaiting) expired();
    }, withinMs);
  }

  forget(): void {
    clearTimeout(this.#timer);
  }

  answerJoin(answer: JoinAnswer): void {
    const answering = this.awaitingJoin;
    this.awaitingJoin = undefined;
    answering?.(answer);
  }

  answerSync(answer: SyncAnswer): void {
    const answering = this.awaitingSync;
    this.awaitingSync = undefined;
    answering?.(answer);
  }
}
