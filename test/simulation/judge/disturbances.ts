import type { FaultKind } from '../plan.ts';

/** Something that was done to the world. */
export interface Disturbance {
  readonly kind: FaultKind | 'eviction' | 'unclean_end' | 'given_up';
  readonly from: number;
  /** `Infinity` while it goes on. */
  to: number;
  /** The member that it was done to; absent where it concerns all. */
  readonly whom?: string;
}

/** How long after its cause a disturbance is still felt: a session, and what the network holds back. */
const FELT_FOR_MS = 15_000;

/** What was done to the world so far. */
export class Disturbances {
  readonly all: Disturbance[] = [];

  /** @returns ends it */
  begin(kind: Disturbance['kind'], now: number, whom?: string): (now: number) => void {
    const disturbance: Disturbance = { kind, from: now, to: Infinity, ...(whom !== undefined && { whom }) };
    this.all.push(disturbance);
    return (end) => (disturbance.to = end);
  }

  /** Since when nothing has been done to the world; `Infinity` while something is. */
  get quietSince(): number {
    return Math.max(0, ...this.all.map(({ to }) => to));
  }

  /** Whether what a member had begun within this time may have come to nothing. */
  explainLoss(whom: string, from: number, to: number): boolean {
    return this.all.some((disturbance) => {
      const mine = disturbance.whom === undefined || disturbance.whom === whom;
      return mine && losesWork(disturbance) && disturbance.from <= to && disturbance.to + FELT_FOR_MS >= from;
    });
  }

  /** Whether anybody may have done something late within this time, thinking that it is still its turn. */
  explainLateness(from: number, to: number): boolean {
    return this.#felt(from, to, (one) => losesWork(one) || one.kind === 'clock_step' || one.kind === 'clock_drift');
  }

  /** Whether a member may have ended for want of a right within this time. */
  explainEnd(from: number, to: number): boolean {
    return this.#felt(from, to, ({ kind }) => kind === 'right_taken' || kind === 'topic_remade');
  }

  /** Whether an outcome may not have been written within this time. */
  explainSilence(from: number, to: number): boolean {
    return this.#felt(from, to, losesWork);
  }

  #felt(from: number, to: number, is: (disturbance: Disturbance) => boolean): boolean {
    return this.all.some((one) => is(one) && one.from <= to && one.to + FELT_FOR_MS >= from);
  }
}

/** Joins, leaves, rolls, moves, and everything of gateway and registry lose nothing. */
function losesWork({ kind }: Disturbance): boolean {
  switch (kind) {
    case 'kill':
    case 'freeze':
    case 'eviction':
    case 'unclean_end':
    case 'given_up':
    // What was in flight could not be parked before its partition had to be given back.
    case 'topic_remade':
    case 'right_taken':
    case 'broker_stop':
    case 'cut':
    case 'reset':
      return true;
    case 'roll':
    case 'join':
    case 'leave':
    case 'leader_move':
    case 'coordinator_move':
    case 'forget_sessions':
    case 'throttle':
    case 'gateway_away':
    case 'refuses_everybody':
    case 'crowded':
    case 'registry_away':
    case 'clock_step':
    case 'clock_drift':
    case 'partitions_added':
    case 'open_transaction':
    case 'redrive':
      return false;
  }
}
