import type { Checks } from './admin-server.ts';

/** How far a process has come: it connects, runs, and drains when it is to end. */
export type Stage = 'connecting' | 'running' | 'draining';

/** What a probe is judged from; nothing remote is asked. Milliseconds by the monotonic clock. */
export interface HealthFacts {
  readonly stage: Stage;
  /** How this member stands to its group; absent before it is connected. */
  readonly member: 'outside' | 'joining' | 'serving' | 'closing' | undefined;
  readonly now: number;
  /** When the event loop last came round to its timer. */
  readonly tickedAt: number;
  /** When the brokers last answered; absent before the first time. */
  readonly contactAt: number | undefined;
}

/** The orchestrator ends a process that is not alive; a loop that stands still for this long will not turn again. */
const TICKED_WITHIN_MS = 120_000;
const CONTACT_WITHIN_MS = 30_000;

/** Whether the process still works at all. */
export function liveness({ now, tickedAt }: HealthFacts): Checks {
  return { loop: check(now - tickedAt < TICKED_WITHIN_MS, 'the event loop turns') };
}

/** Whether it has begun: probes answer only when settings and keys are good. */
export function startup(): Checks {
  return { configuration: check(true, 'settings and keys are read and tested') };
}

/** Never lag, a hold or the gateway: taking this member away would cure none of them. */
export function readiness({ stage, member, now, contactAt = Number.NEGATIVE_INFINITY }: HealthFacts): Checks {
  return {
    brokers: check(now - contactAt < CONTACT_WITHIN_MS, 'the brokers answered within 30 s'),
    group: check(member === 'serving' || member === 'closing', 'this member belongs to its group'),
    serving: check(stage !== 'draining', 'this member is not draining'),
  };
}

function check(ok: boolean, claim: string): Checks[string] {
  return { ok, detail: ok ? claim : `not true: ${claim}` };
}
