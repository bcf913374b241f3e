import { ERROR } from './error-codes.ts';
import type { Tell } from './facts.ts';
import { refusedJoin, refusedSync, synced, type JoinAnswer } from './group-answers.ts';
import { Member, NOTHING_WRITTEN } from './group-member.ts';
import { Invitations } from './invitations.ts';
import { javaHash } from './java-hash.ts';
import { electedBy } from './votes.ts';

export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable';

/** How long a member that is new may wait for its first generation. */
const NEW_MEMBER_TIMEOUT_MS = 300_000;
const UNASSIGNED = Buffer.alloc(0);

/** The members of a group from one generation to the next. */
export class Generations {
  readonly #groupId: string;
  readonly #members = new Map<string, Member>();
  readonly #invited = new Invitations();
  readonly #initialDelayMs: number;
  readonly #tell: Tell;
  #state: GroupState = 'Empty';
  #number = 0;
  #protocolType = '';
  #protocol = '';
  #leader = '';
  #isFirstWait = false;
  #wasMemberAdded = false;
  #timer: NodeJS.Timeout | undefined;
  #written = NOTHING_WRITTEN;

  /** @param initialDelayMs how long the first members of an empty group wait for others */
  constructor(groupId: string, initialDelayMs: number, tell: Tell) {
    this.#groupId = groupId;
    this.#initialDelayMs = initialDelayMs;
    this.#tell = tell;
  }

  get state(): GroupState {
    return this.#state;
  }

  get number(): number {
    return this.#number;
  }

  get protocolType(): string {
    return this.#protocolType;
  }

  get protocol(): string {
    return this.#protocol;
  }

  get leader(): string {
    return this.#leader;
  }

  /** In an order that means nothing, as Java's hash tables have it. */
  get members(): readonly Member[] {
    return [...this.#members.values()].sort((one, other) => javaHash(one.memberId) - javaHash(other.memberId));
  }

  get(memberId: string): Member | undefined {
    return this.#members.get(memberId);
  }

  /** Somebody was given an id; the next generation waits for whoever it is. */
  invite(memberId: string, withinMs: number): void {
    this.#invited.add(memberId, withinMs, () => this.uninvite(memberId));
  }

  isInvited(memberId: string): boolean {
    return this.#invited.has(memberId);
  }

  uninvite(memberId: string): void {
    this.#invited.remove(memberId);
    this.#completeIfAllJoined();
  }

  add(member: Member, protocolType: string): void {
    const { memberId } = member;
    this.#invited.remove(memberId);
    if (this.#members.size === 0) this.#protocolType = protocolType;
    if (this.#leader === '') this.#leader = memberId;
    if (this.#state === 'PreparingRebalance' && this.#number === 0) this.#wasMemberAdded = true;
    this.#members.set(memberId, member);
    member.expectWord(NEW_MEMBER_TIMEOUT_MS, () => this.remove(member, 'evicted'));
    this.prepare();
  }

  /** A new generation is coming: all members are to join it. */
  prepare(): void {
    const before = this.#state;
    if (before === 'CompletingRebalance') {
      for (const member of this.members) {
        member.answerSync(refusedSync(ERROR.REBALANCE_IN_PROGRESS));
      }
    }
    this.#state = 'PreparingRebalance';
    if (before === 'Empty') {
      this.#isFirstWait = true;
      this.#waitForOthers(this.#initialDelayMs, Math.max(this.#rebalanceTimeoutMs() - this.#initialDelayMs, 0));
      return;
    }
    if (before !== 'PreparingRebalance') this.#after(this.#rebalanceTimeoutMs(), () => this.#complete());
    this.#completeIfAllJoined();
  }

  /** The leader has said who gets what. */
  assign(assignments: ReadonlyMap<string, Buffer>): void {
    for (const member of this.members) member.assignment = assignments.get(member.memberId) ?? UNASSIGNED;
    this.#state = 'Stable';
    this.#write();
    const members = this.members.map(({ memberId, clientId, assignment }) => ({ memberId, clientId, assignment }));
    this.#tell({ kind: 'stabilized', group: this.#groupId, generation: this.#number, members });
    for (const member of this.members) {
      if (member.awaitingSync === undefined) continue;
      this.expectWord(member);
      member.answerSync(synced(member.assignment));
    }
  }

  remove(member: Member, kind: 'left' | 'evicted'): void {
    if (this.get(member.memberId) !== member) return;
    member.answerJoin(refusedJoin(ERROR.UNKNOWN_MEMBER_ID, ''));
    this.#forget(member, kind);
    if (this.#state === 'Stable' || this.#state === 'CompletingRebalance') this.prepare();
    else this.#completeIfAllJoined();
  }

  expectWord(member: Member): void {
    member.expectWord(member.said.sessionTimeoutMs, () => this.remove(member, 'evicted'));
  }

  /** What a member of this generation hears: the leader also who is in it. */
  joined({ memberId }: Member): JoinAnswer {
    const members = memberId === this.#leader ? this.members : [];
    return {
      ...{ throttleTimeMs: 0, errorCode: ERROR.NONE, generationId: this.#number, protocolName: this.#protocol },
      ...{ leader: this.#leader, memberId },
      members: members.map((one) => ({
        ...{ memberId: one.memberId, groupInstanceId: null, metadata: one.metadataFor(this.#protocol) },
      })),
    };
  }

  /** Another broker coordinates from now on: who waits here is told, and only what was written down is known there. */
  handOver(): void {
    clearTimeout(this.#timer);
    this.#invited.clear();
    for (const member of this.members) {
      member.expectNothing();
      member.answerJoin(refusedJoin(ERROR.NOT_COORDINATOR, member.memberId));
      member.answerSync(refusedSync(ERROR.NOT_COORDINATOR));
    }
    this.#members.clear();
  }

  /** The new coordinator has read what was written down. */
  takeOver(): void {
    const { generation, protocolType, protocol, leader, members } = this.#written;
    this.#number = generation;
    this.#protocolType = protocolType;
    this.#protocol = protocol;
    this.#leader = leader;
    this.#isFirstWait = false;
    this.#state = members.length === 0 ? 'Empty' : 'Stable';
    for (const record of members) {
      const member = new Member(record);
      member.isNew = false;
      this.#members.set(record.memberId, member);
      this.expectWord(member);
    }
  }

  #waitForOthers(delayMs: number, leftMs: number): void {
    this.#after(delayMs, () => {
      if (this.#wasMemberAdded && leftMs > 0) {
        this.#wasMemberAdded = false;
        this.#waitForOthers(Math.min(this.#initialDelayMs, leftMs), Math.max(leftMs - this.#initialDelayMs, 0));
      } else {
        this.#complete();
      }
    });
  }

  #completeIfAllJoined(): void {
    if (this.#state !== 'PreparingRebalance' || this.#isFirstWait || this.#invited.size > 0) return;
    if (this.members.every(({ awaitingJoin }) => awaitingJoin !== undefined)) this.#complete();
  }

  /** Whoever has joined is in the next generation; who has not is out. */
  #complete(): void {
    clearTimeout(this.#timer);
    this.#isFirstWait = false;
    for (const member of this.members) if (member.awaitingJoin === undefined) this.#forget(member, 'evicted');
    this.#number += 1;
    this.#protocol = electedBy(this.members);
    if (this.#members.size === 0) {
      this.#state = 'Empty';
      this.#write();
      return;
    }
    this.#state = 'CompletingRebalance';
    for (const member of this.members) {
      member.isNew = false;
      const answer = this.joined(member);
      this.expectWord(member);
      member.answerJoin(answer);
    }
    this.#after(this.#rebalanceTimeoutMs(), () => this.#giveUpUnsynced());
  }

  #giveUpUnsynced(): void {
    if (this.#state !== 'CompletingRebalance') return;
    const late = this.members.filter(({ awaitingSync }) => awaitingSync === undefined);
    for (const member of late) this.remove(member, 'evicted');
  }

  #forget(member: Member, kind: 'left' | 'evicted'): void {
    const { memberId, clientId } = member;
    member.expectNothing();
    this.#members.delete(memberId);
    if (memberId === this.#leader) this.#leader = this.members[0]?.memberId ?? '';
    this.#tell({ kind, group: this.#groupId, memberId, clientId });
  }

  #rebalanceTimeoutMs(): number {
    return Math.max(0, ...this.members.map(({ said }) => said.rebalanceTimeoutMs));
  }

  #write(): void {
    this.#written = {
      ...{ generation: this.#number, protocolType: this.#protocolType, protocol: this.#protocol },
      ...{ leader: this.#leader, members: this.members.map(({ record }) => record) },
    };
  }

  #after(ms: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
  }
}
