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

/** What was done to the world so far. */
export class Disturbances {
  readonly all: Disturbance[] = [];
  readonly #onBegin: (disturbance: Disturbance) => void;

  constructor(onBegin: (disturbance: Disturbance) => void = () => undefined) {
    this.#onBegin = onBegin;
  }

  /** @returns ends it */
  begin(kind: Disturbance['kind'], now: number, whom?: string): (now: number) => void {
    const disturbance: Disturbance = { kind, from: now, to: Infinity, ...(whom !== undefined && { whom }) };
    this.all.push(disturbance);
    this.#onBegin(disturbance);
    return (end) => (disturbance.to = end);
  }

  /** Since when nothing has been done to the world; `Infinity` while something is. */
  get quietSince(): number {
    return Math.max(0, ...this.all.map(({ to }) => to));
  }

  /** What may have brought to nothing what a member had begun and not finished within this time. */
  thatLost(whom: string, from: number, to: number): Disturbance[] {
    return this.all.filter((one) => {
      const isFelt = one.whom === undefined || one.whom === whom;
      return isFelt && one.from <= to && one.to + (losesWorkForMs(one) ?? Number.NEGATIVE_INFINITY) >= from;
    });
  }

  /** What may be why somebody wrote something at this time that was no longer to be written. */
  thatDelayed(at: number): Disturbance[] {
    return this.#felt(at, at, (one) => losesWorkForMs(one) !== undefined);
  }

  /** Whether any clock has been wrong so far. */
  get hadWrongClocks(): boolean {
    return this.all.some(({ kind }) => kind === 'clock_step' || kind === 'clock_drift');
  }

  /** Whether a member may have ended for want of a right at this time; it may have been told so long before it heard of it. */
  explainEnd(whom: string, at: number): boolean {
    const holds = this.all.filter((one) => one.whom === whom && HOLDS_BACK.includes(one.kind));
    const told = holds.reduceRight(
      (since, { from, to }) => (to + FELT_FOR_MS >= since ? Math.min(since, from) : since),
      at,
    );
    return this.#felt(told, at, ({ kind }) => kind === 'right_taken' || kind === 'topic_remade').length > 0;
  }

  /** Whether an outcome may not have been written at this time; of a clock that is far ahead brokers take nothing. */
  explainSilence(at: number): boolean {
    return this.hadWrongClocks || this.thatDelayed(at).length > 0;
  }

  #felt(from: number, to: number, is: (disturbance: Disturbance) => boolean): Disturbance[] {
    return this.all.filter((one) => is(one) && one.from <= to && one.to + FELT_FOR_MS >= from);
  }
}

/** What keeps from a member what it was told. */
const HOLDS_BACK: readonly Disturbance['kind'][] = ['cut', 'freeze', 'late_write', 'late_commit'];
/** A session, and what the network holds back. */
const FELT_FOR_MS = 15_000;
/** Until connections are made anew. */
const CONNECTS_WITHIN_MS = 5_000;

/**
 * For how long after it a disturbance still costs who was disturbed what is begun then; `undefined` where it costs nothing:
 * joins, leaves, rolls, moves, and everything of gateway and registry.
 */
function losesWorkForMs({ kind }: Disturbance): number | undefined {
  switch (kind) {
    case 'kill':
    case 'freeze':
    case 'eviction':
    case 'unclean_end':
      return 0;
    case 'given_up':
    // What was in flight could not be parked before its partition had to be given back.
    case 'topic_remade':
    case 'right_taken':
    case 'broker_stop':
    case 'cut':
    case 'reset':
    case 'late_write':
    case 'late_commit':
      return CONNECTS_WITHIN_MS;
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
      return undefined;
  }
}
