import type { Answer, Caller } from './connection.ts';
import { ERROR } from './error-codes.ts';
import type { Tell } from './facts.ts';
import { Generations } from './generations.ts';
import { refusedJoin, refusedSync, synced, type JoinAnswer, type SyncAnswer } from './group-answers.ts';
import { Member } from './group-member.ts';
import type { Request } from './messages/apis.ts';

/** What brokers let a group do. Milliseconds. */
export interface GroupRules {
  readonly initialRebalanceDelayMs: number;
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;
  /** For the ids of new members. */
  readonly uuid: () => string;
}

/** A group as its coordinator serves it: the classic protocol of Kafka's consumers. */
export class Group {
  readonly groupId: string;
  readonly generations: Generations;
  readonly #rules: GroupRules;

  constructor(groupId: string, rules: GroupRules, tell: Tell) {
    this.groupId = groupId;
    this.#rules = rules;
    this.generations = new Generations(groupId, rules.initialRebalanceDelayMs, tell);
  }

  join(request: Request<'JoinGroup'>, caller: Caller): Answer<JoinAnswer> {
    const { memberId, sessionTimeoutMs: session, protocols, protocolType } = request;
    const { minSessionTimeoutMs, maxSessionTimeoutMs, uuid } = this.#rules;
    const { generations } = this;
    if (session < minSessionTimeoutMs || session > maxSessionTimeoutMs)
      return refusedJoin(ERROR.INVALID_SESSION_TIMEOUT, memberId);
    if (!this.#supports(request)) return refusedJoin(ERROR.INCONSISTENT_GROUP_PROTOCOL, memberId);
    if (memberId === '') {
      const given = `${caller.clientId}-${uuid()}`;
      generations.invite(given, session);
      return refusedJoin(ERROR.MEMBER_ID_REQUIRED, given);
    }
    if (generations.isInvited(memberId)) {
      const { clientId, host } = caller;
      const who = { memberId, clientId, clientHost: `/${host}`, assignment: Buffer.alloc(0) };
      const { rebalanceTimeoutMs } = request;
      const member = new Member({ ...who, sessionTimeoutMs: session, rebalanceTimeoutMs, protocols });
      return (reply) => {
        member.awaitingJoin = reply;
        generations.add(member, protocolType);
      };
    }
    const member = generations.get(memberId);
    if (member === undefined) return refusedJoin(ERROR.UNKNOWN_MEMBER_ID, memberId);
    switch (generations.state) {
      case 'PreparingRebalance':
        return this.#rejoin(member, request);
      case 'CompletingRebalance':
        return member.matches(protocols) ? generations.joined(member) : this.#rejoin(member, request);
      case 'Stable':
        if (memberId === generations.leader || !member.matches(protocols)) return this.#rejoin(member, request);
        return generations.joined(member);
      case 'Empty':
        return refusedJoin(ERROR.UNKNOWN_MEMBER_ID, memberId);
    }
  }

  sync({ memberId, generationId, assignments }: Request<'SyncGroup'>): Answer<SyncAnswer> {
    const { generations } = this;
    const member = generations.get(memberId);
    if (member === undefined) return refusedSync(ERROR.UNKNOWN_MEMBER_ID);
    if (generationId !== generations.number) return refusedSync(ERROR.ILLEGAL_GENERATION);
    switch (generations.state) {
      case 'Empty':
        return refusedSync(ERROR.UNKNOWN_MEMBER_ID);
      case 'PreparingRebalance':
        return refusedSync(ERROR.REBALANCE_IN_PROGRESS);
      case 'Stable':
        generations.expectWord(member);
        return synced(member.assignment);
      case 'CompletingRebalance':
        return (reply) => {
          member.awaitingSync = reply;
          if (memberId !== generations.leader) return;
          generations.assign(new Map(assignments.map((given) => [given.memberId, given.assignment])));
        };
    }
  }

  /** @returns an error code, as do those below */
  heartbeat({ memberId, generationId }: Request<'Heartbeat'>): number {
    const { generations } = this;
    const member = generations.get(memberId);
    if (member === undefined) return ERROR.UNKNOWN_MEMBER_ID;
    if (generationId !== generations.number) return ERROR.ILLEGAL_GENERATION;
    generations.expectWord(member);
    return generations.state === 'PreparingRebalance' ? ERROR.REBALANCE_IN_PROGRESS : ERROR.NONE;
  }

  leave(memberId: string): number {
    const { generations } = this;
    const member = generations.get(memberId);
    if (member !== undefined) generations.remove(member, 'left');
    else if (generations.isInvited(memberId)) generations.uninvite(memberId);
    else return ERROR.UNKNOWN_MEMBER_ID;
    return ERROR.NONE;
  }

  /** Whether a commit is taken from this member; it counts as a word from it. Nobody in particular may while it is empty. */
  mayCommit(memberId: string, generationId: number): number {
    const { generations } = this;
    if (generationId < 0 && generations.state === 'Empty') return ERROR.NONE;
    const member = generations.get(memberId);
    if (member === undefined) return ERROR.UNKNOWN_MEMBER_ID;
    if (generationId !== generations.number) return ERROR.ILLEGAL_GENERATION;
    if (generations.state === 'CompletingRebalance') return ERROR.REBALANCE_IN_PROGRESS;
    generations.expectWord(member);
    return ERROR.NONE;
  }

  #supports({ protocolType, protocols }: Request<'JoinGroup'>): boolean {
    const { members } = this.generations;
    if (protocolType === '' || protocols.length === 0) return false;
    if (members.length === 0) return true;
    const isKnownToAll = (name: string): boolean => members.every((member) => member.knows(name));
    return protocolType === this.generations.protocolType && protocols.some(({ name }) => isKnownToAll(name));
  }

  #rejoin(
    member: Member,
    { protocols, sessionTimeoutMs, rebalanceTimeoutMs }: Request<'JoinGroup'>,
  ): Answer<JoinAnswer> {
    return (reply) => {
      member.said = { protocols, sessionTimeoutMs, rebalanceTimeoutMs };
      // Whoever asked before, on another connection, hears nothing any more.
      member.awaitingJoin = reply;
      this.generations.prepare();
    };
  }
}
