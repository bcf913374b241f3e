import type { JoinAnswer, SyncAnswer } from './group-answers.ts';

export interface Protocol {
  readonly name: string;
  readonly metadata: Buffer;
}

/** What a member says of itself when it joins. */
export interface Introduction {
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocols: readonly Protocol[];
}

/** What of a member outlives a change of coordinators. */
export interface MemberRecord extends Introduction {
  readonly memberId: string;
  readonly clientId: string;
  readonly clientHost: string;
  readonly assignment: Buffer;
}

/** What a new coordinator finds of a group. */
interface WrittenGroup {
  readonly generation: number;
  readonly protocolType: string;
  readonly protocol: string;
  readonly leader: string;
  readonly members: readonly MemberRecord[];
}

export const NOTHING_WRITTEN: WrittenGroup = { generation: 0, protocolType: '', protocol: '', leader: '', members: [] };

/** A member as its coordinator sees it. */
export class Member {
  readonly memberId: string;
  readonly clientId: string;
  readonly clientHost: string;
  said: Introduction;
  assignment: Buffer;
  /** Has not been in any generation yet. */
  isNew = true;
  awaitingJoin: ((answer: JoinAnswer) => void) | undefined;
  awaitingSync: ((answer: SyncAnswer) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor({ memberId, clientId, clientHost, assignment, ...said }: MemberRecord) {
    this.memberId = memberId;
    this.clientId = clientId;
    this.clientHost = clientHost;
    this.assignment = assignment;
    this.said = said;
  }

  get record(): MemberRecord {
    const { memberId, clientId, clientHost, assignment, said } = this;
    return { memberId, clientId, clientHost, assignment, ...said };
  }

  metadataFor(protocol: string): Buffer {
    return this.said.protocols.find(({ name }) => name === protocol)?.metadata ?? Buffer.alloc(0);
  }

  knows(protocol: string): boolean {
    return this.said.protocols.some(({ name }) => name === protocol);
  }

  /** Whether it joins with what it joined with before. */
  matches(protocols: readonly Protocol[]): boolean {
    const before = this.said.protocols;
    return (
      protocols.length === before.length &&
      before.every(({ name, metadata }, at) => protocols[at]?.name === name && protocols[at].metadata.equals(metadata))
    );
  }

  /** From now on it is given up after so long without a word, unless it waits for others. */
  expectWord(withinMs: number, expired: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const isWaiting = this.awaitingJoin !== undefined || this.awaitingSync !== undefined;
      if (this.isNew || !isWaiting) expired();
    }, withinMs);
  }

  expectNothing(): void {
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
