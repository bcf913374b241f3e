import { ERROR } from './error-codes.ts';
import { Member, type JoinAnswer, type MemberRecord, type SyncAnswer } from './group-member.ts';
import type { Caller } from './connection.ts';
import type { Tell } from './facts.ts';
import type { Request } from './messages/apis.ts';

export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable';

/** What brokers let a group do. Milliseconds. */
export interface GroupRules {
  /** How long the first members of an empty group wait for others. */
  readonly initialRebalanceDelayMs: number;
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;
  /** For the ids of new members. */
  readonly uuid: () => string;
}

/** What a new coordinator finds of a group. */
interface Persisted {
  readonly generation: number;
  readonly protocolType: string;
  readonly protocol: string;
  readonly leader: string;
  readonly members: readonly MemberRecord[];
}

const NOTHING: Persisted = { generation: 0, protocolType: '', protocol: '', leader: '', members: [] };
/** How long a member that is new may wait for its first generation. */
const NEW_MEMBER_TIMEOUT_MS = 300_000;

/** A group as its coordinator leads it through its generations: the classic protocol of Kafka's consumers. */
export class Group {
  readonly groupId: string;
  readonly members = new Map<string, Member>();
  /** Were given an id and have not joined with it yet. */
  readonly #pending = new Map<string, NodeJS.Timeout>();
  readonly #rules: GroupRules;
  readonly #tell: Tell;
  #state: GroupState = 'Empty';
  #generation = 0;
  #protocolType = '';
  #protocol = '';
  #leader = '';
  #wasNewMemberAdded = false;
  #isFirstWait = false;
  #timer: NodeJS.Timeout | undefined;
  #persisted = NOTHING;

  constructor(groupId: string, rules: GroupRules, tell: Tell) {
    this.groupId = groupId;
    this.#rules = rules;
    this.#tell = tell;
  }

  get state(): GroupState {
    return this.#state;
  }

  get generation(): number {
    return this.#generation;
  }

  get protocolType(): string {
    return this.#protocolType;
  }

  get protocol(): string {
    return this.#protocol;
  }

  join(request: Request<'JoinGroup'>, caller: Caller, reply: (answer: JoinAnswer) => void): void {
    const { memberId, sessionTimeoutMs: session } = request;
    const refuse = (code: number, id = memberId): void => reply(refusedJoin(code, id));
    if (session < this.#rules.minSessionTimeoutMs || session > this.#rules.maxSessionTimeoutMs)
      return refuse(ERROR.INVALID_SESSION_TIMEOUT);
    if (!this.#supports(request)) return refuse(ERROR.INCONSISTENT_GROUP_PROTOCOL);
    if (memberId === '') {
      const given = `${caller.clientId}-${this.#rules.uuid()}`;
      this.#pending.set(
        given,
        setTimeout(() => this.#forgetPending(given), session),
      );
      return refuse(ERROR.MEMBER_ID_REQUIRED, given);
    }
    if (this.#pending.has(memberId)) return this.#addMember(request, caller, reply);
    const member = this.members.get(memberId);
    if (member === undefined) return refuse(ERROR.UNKNOWN_MEMBER_ID);
    switch (this.#state) {
      case 'PreparingRebalance':
        return this.#rejoin(member, request, reply);
      case 'CompletingRebalance':
        if (member.matches(request.protocols)) return reply(this.#joined(member));
        return this.#rejoin(member, request, reply);
      case 'Stable':
        if (memberId === this.#leader || !member.matches(request.protocols))
          return this.#rejoin(member, request, reply);
        return reply(this.#joined(member));
      case 'Empty':
        return refuse(ERROR.UNKNOWN_MEMBER_ID);
    }
  }

  sync(request: Request<'SyncGroup'>, reply: (answer: SyncAnswer) => void): void {
    const refuse = (errorCode: number): void => reply(syncAnswer(errorCode));
    const member = this.members.get(request.memberId);
    if (member === undefined) return refuse(ERROR.UNKNOWN_MEMBER_ID);
    if (request.generationId !== this.#generation) return refuse(ERROR.ILLEGAL_GENERATION);
    switch (this.#state) {
      case 'Empty':
        return refuse(ERROR.UNKNOWN_MEMBER_ID);
      case 'PreparingRebalance':
        return refuse(ERROR.REBALANCE_IN_PROGRESS);
      case 'Stable':
        this.#expectHeartbeat(member);
        return reply(syncAnswer(ERROR.NONE, member.assignment));
      case 'CompletingRebalance':
        member.awaitingSync = reply;
        if (request.memberId === this.#leader) this.#assign(request.assignments);
    }
  }

  heartbeat({ memberId, generationId }: Request<'Heartbeat'>): number {
    const member = this.members.get(memberId);
    if (member === undefined) return ERROR.UNKNOWN_MEMBER_ID;
    if (generationId !== this.#generation) return ERROR.ILLEGAL_GENERATION;
    if (this.#state === 'Empty') return ERROR.UNKNOWN_MEMBER_ID;
    this.#expectHeartbeat(member);
    return this.#state === 'PreparingRebalance' ? ERROR.REBALANCE_IN_PROGRESS : ERROR.NONE;
  }

  leave(memberId: string): number {
    if (this.#pending.has(memberId)) {
      this.#forgetPending(memberId);
      return ERROR.NONE;
    }
    const member = this.members.get(memberId);
    if (member === undefined) return ERROR.UNKNOWN_MEMBER_ID;
    this.#remove(member, 'left');
    return ERROR.NONE;
  }

  /** Whether a commit is taken from this member; it counts as a word from it. */
  mayCommit(memberId: string, generationId: number): number {
    const member = this.members.get(memberId);
    if (generationId < 0 && memberId === '') {
      return this.#state === 'Empty' ? ERROR.NONE : ERROR.UNKNOWN_MEMBER_ID;
    }
    if (generationId < 0 && this.#state === 'Empty') return ERROR.NONE;
    if (member === undefined) return ERROR.UNKNOWN_MEMBER_ID;
    if (generationId !== this.#generation) return ERROR.ILLEGAL_GENERATION;
    if (this.#state === 'CompletingRebalance') return ERROR.REBALANCE_IN_PROGRESS;
    this.#expectHeartbeat(member);
    return ERROR.NONE;
  }

  /** Another broker coordinates from now on: who waits here is told, and only what was written down is known there. */
  handOver(): void {
    clearTimeout(this.#timer);
    for (const timer of this.#pending.values()) clearTimeout(timer);
    this.#pending.clear();
    for (const member of this.members.values()) {
      member.forget();
      member.answerJoin(refusedJoin(ERROR.NOT_COORDINATOR, member.memberId));
      member.answerSync(syncAnswer(ERROR.NOT_COORDINATOR));
    }
    this.members.clear();
  }

  /** The new coordinator has read what was written down. */
  takeOver(): void {
    const { generation, protocolType, protocol, leader, members } = this.#persisted;
    this.#generation = generation;
    this.#protocolType = protocolType;
    this.#protocol = protocol;
    this.#leader = leader;
    this.#state = members.length === 0 ? 'Empty' : 'Stable';
    for (const record of members) {
      const member = new Member(record);
      member.assignment = record.assignment;
      member.isNew = false;
      this.members.set(record.memberId, member);
      this.#expectHeartbeat(member);
    }
  }

  #supports({ protocolType, protocols }: Request<'JoinGroup'>): boolean {
    if (protocolType === '' || protocols.length === 0) return false;
    if (this.members.size === 0) return true;
    return protocolType === this.#protocolType && protocols.some(({ name }) => this.#isKnownToAll(name));
  }

  #isKnownToAll(protocol: string): boolean {
    return [...this.members.values()].every(({ protocols }) => protocols.some(({ name }) => name === protocol));
  }

  #addMember(request: Request<'JoinGroup'>, caller: Caller, reply: (answer: JoinAnswer) => void): void {
    const { memberId, sessionTimeoutMs, rebalanceTimeoutMs, protocols, protocolType } = request;
    clearTimeout(this.#pending.get(memberId));
    this.#pending.delete(memberId);
    const { clientId, host } = caller;
    const member = new Member({
      ...{ memberId, clientId, clientHost: `/${host}` },
      ...{ sessionTimeoutMs, rebalanceTimeoutMs, protocols },
    });
    if (this.members.size === 0) this.#protocolType = protocolType;
    if (this.#leader === '') this.#leader = memberId;
    if (this.#state === 'PreparingRebalance' && this.#generation === 0) this.#wasNewMemberAdded = true;
    this.members.set(memberId, member);
    member.awaitingJoin = reply;
    member.expectHeartbeat(NEW_MEMBER_TIMEOUT_MS, () => this.#remove(member, 'evicted'));
    this.#prepare();
  }

  #rejoin(member: Member, request: Request<'JoinGroup'>, reply: (answer: JoinAnswer) => void): void {
    const { protocols, sessionTimeoutMs, rebalanceTimeoutMs } = request;
    Object.assign(member, { protocols, sessionTimeoutMs, rebalanceTimeoutMs });
    // Its connection may have been lost: whoever asked before hears that it must ask anew.
    member.answerJoin(refusedJoin(ERROR.UNKNOWN_MEMBER_ID, member.memberId));
    member.awaitingJoin = reply;
    this.#prepare();
  }

  /** A new generation is coming: all members are to join it. */
  #prepare(): void {
    if (this.#state === 'CompletingRebalance') this.#endSyncs(ERROR.REBALANCE_IN_PROGRESS);
    const before = this.#state;
    this.#state = 'PreparingRebalance';
    if (before === 'Empty') {
      const delay = this.#rules.initialRebalanceDelayMs;
      this.#isFirstWait = true;
      this.#waitForFirst(delay, Math.max(this.#rebalanceTimeoutMs() - delay, 0));
      return;
    }
    if (before !== 'PreparingRebalance') this.#waitForAll();
    this.#completeIfAllJoined();
  }

  #waitForFirst(delayMs: number, leftMs: number): void {
    this.#after(delayMs, () => {
      if (!this.#wasNewMemberAdded || leftMs === 0) return this.#complete();
      this.#wasNewMemberAdded = false;
      const { initialRebalanceDelayMs } = this.#rules;
      this.#waitForFirst(Math.min(initialRebalanceDelayMs, leftMs), Math.max(leftMs - initialRebalanceDelayMs, 0));
    });
  }

  #waitForAll(): void {
    this.#after(this.#rebalanceTimeoutMs(), () => this.#complete());
  }

  #completeIfAllJoined(): void {
    if (this.#state !== 'PreparingRebalance' || this.#isFirstWait || this.#pending.size > 0) return;
    if ([...this.members.values()].every(({ awaitingJoin }) => awaitingJoin !== undefined)) this.#complete();
  }

  /** Whoever has joined is in the next generation; who has not is out. */
  #complete(): void {
    clearTimeout(this.#timer);
    this.#isFirstWait = false;
    for (const member of [...this.members.values()]) if (member.awaitingJoin === undefined) this.#giveUp(member);
    this.#generation += 1;
    if (this.members.size === 0) {
      this.#state = 'Empty';
      this.#protocol = '';
      this.#persist();
      return;
    }
    this.#state = 'CompletingRebalance';
    this.#protocol = this.#elected();
    if (!this.members.has(this.#leader)) this.#leader = this.members.keys().next().value ?? '';
    for (const member of [...this.members.values()]) {
      member.isNew = false;
      member.assignment = Buffer.alloc(0);
      const answer = this.#joined(member);
      this.#expectHeartbeat(member);
      member.answerJoin(answer);
    }
    this.#after(this.#rebalanceTimeoutMs(), () => this.#giveUpUnsynced());
  }

  #assign(assignments: Request<'SyncGroup'>['assignments']): void {
    const given = new Map(assignments.map(({ memberId, assignment }) => [memberId, assignment]));
    for (const member of this.members.values()) member.assignment = given.get(member.memberId) ?? Buffer.alloc(0);
    this.#state = 'Stable';
    this.#persist();
    this.#tell({
      ...{ kind: 'stabilized', group: this.groupId, generation: this.#generation },
      members: [...this.members.values()].map(({ memberId, clientId, assignment }) => ({
        memberId,
        clientId,
        assignment,
      })),
    });
    for (const member of [...this.members.values()]) {
      if (member.awaitingSync === undefined) continue;
      this.#expectHeartbeat(member);
      member.answerSync(syncAnswer(ERROR.NONE, member.assignment));
    }
  }

  #giveUpUnsynced(): void {
    const late = [...this.members.values()].filter(({ awaitingSync }) => awaitingSync === undefined);
    if (this.#state === 'CompletingRebalance') for (const member of late) this.#remove(member, 'evicted');
  }

  #remove(member: Member, kind: 'left' | 'evicted'): void {
    const { memberId, clientId } = member;
    if (this.members.get(memberId) !== member) return;
    member.answerJoin(refusedJoin(ERROR.UNKNOWN_MEMBER_ID, ''));
    this.#forget(member);
    this.#tell({ kind, group: this.groupId, memberId, clientId });
    if (this.#state === 'Stable' || this.#state === 'CompletingRebalance') this.#prepare();
    else this.#completeIfAllJoined();
  }

  #giveUp(member: Member): void {
    const { memberId, clientId } = member;
    this.#forget(member);
    this.#tell({ kind: 'evicted', group: this.groupId, memberId, clientId });
  }

  #forget(member: Member): void {
    member.forget();
    this.members.delete(member.memberId);
    if (member.memberId === this.#leader) this.#leader = this.members.keys().next().value ?? '';
  }

  #forgetPending(memberId: string): void {
    clearTimeout(this.#pending.get(memberId));
    this.#pending.delete(memberId);
    this.#completeIfAllJoined();
  }

  #endSyncs(code: number): void {
    for (const member of this.members.values()) {
      member.assignment = Buffer.alloc(0);
      member.answerSync(syncAnswer(code));
    }
  }

  #expectHeartbeat(member: Member): void {
    member.expectHeartbeat(member.sessionTimeoutMs, () => this.#remove(member, 'evicted'));
  }

  #rebalanceTimeoutMs(): number {
    return Math.max(0, ...[...this.members.values()].map(({ rebalanceTimeoutMs }) => rebalanceTimeoutMs));
  }

  /** Each member votes for the first of its protocols that all know. */
  #elected(): string {
    const votes = new Map<string, number>();
    for (const { protocols } of this.members.values()) {
      const vote = protocols.find(({ name }) => this.#isKnownToAll(name))?.name ?? '';
      votes.set(vote, (votes.get(vote) ?? 0) + 1);
    }
    return [...votes].reduce((best, vote) => (vote[1] > best[1] ? vote : best))[0];
  }

  #joined(member: Member): JoinAnswer {
    const isLeader = member.memberId === this.#leader;
    const members = isLeader ? [...this.members.values()] : [];
    return {
      ...{ throttleTimeMs: 0, errorCode: ERROR.NONE, generationId: this.#generation, protocolName: this.#protocol },
      ...{ leader: this.#leader, memberId: member.memberId },
      members: members.map((one) => ({
        ...{ memberId: one.memberId, groupInstanceId: null, metadata: one.metadataFor(this.#protocol) },
      })),
    };
  }

  #persist(): void {
    this.#persisted = {
      ...{ generation: this.#generation, protocolType: this.#protocolType, protocol: this.#protocol },
      ...{ leader: this.#leader, members: [...this.members.values()].map(({ record }) => record) },
    };
  }

  #after(ms: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
  }
}

function refusedJoin(errorCode: number, memberId: string): JoinAnswer {
  return {
    ...{ throttleTimeMs: 0, errorCode, generationId: -1, protocolName: '', leader: '', memberId, members: [] },
  };
}

function syncAnswer(errorCode: number, assignment: Buffer = Buffer.alloc(0)): SyncAnswer {
  return { throttleTimeMs: 0, errorCode, assignment };
}
