import { CONCERNED, NAMED_FAULTS } from '../named-faults.ts';
import type { Profile } from '../faults.ts';
import type { Choice, Player, Playing } from '../player.ts';
import type { ReceivedRequest, RequestLog } from '../request-log.ts';

/** Where members of the service say whether they hold, and how they are asked. */
export interface AskedService {
  /** The address, for whoever looks. */
  readonly where: string;
  readonly ask: () => Promise<MembersAnswer>;
}

/** What the members say. */
export interface MembersAnswer {
  /** How many of them answered. */
  readonly answered: number;
  /** Why sending is held, where a member says so. */
  readonly hold: string | undefined;
}

/** What the service does: it sends, it holds, or nobody answers there. */
export type ServiceState =
  | { readonly kind: 'sends' }
  | { readonly kind: 'holds'; readonly reason: string }
  | { readonly kind: 'silent'; readonly where: string };

/** What the service does, by what its members say. */
export function serviceState({ answered, hold }: MembersAnswer, where: string): ServiceState {
  if (answered === 0) return { kind: 'silent', where };
  return hold === undefined ? { kind: 'sends' } : { kind: 'holds', reason: hold };
}

/** Which requests are shown. */
export interface Wanted {
  readonly show: Show;
  /** A part of the payment's id; empty for any. */
  readonly payment: string;
}

/** What a page can be asked to show: all, those that were refused, those not answered with a believable `S`. */
export const SHOWN = { all: 'all', refused: 'refused', not_s: 'not told S' } as const;

/** One of {@link SHOWN}. */
export type Show = keyof typeof SHOWN;

/** Whether a name is one of {@link SHOWN}. */
export function isShow(name: string): name is Show {
  return Object.hasOwn(SHOWN, name);
}

/** A name and how often it was counted. */
export type Count = readonly [name: string, count: number];

/** What stands on the page, judged; times in epoch milliseconds. */
export interface Facts {
  readonly playing: {
    readonly choice: Choice;
    /** Whether every good request is answered as usual, however late. */
    readonly asUsual: boolean;
    readonly title: string;
    readonly about: string;
    readonly since: number;
  };
  /** Absent where nobody said where to ask, and until somebody was asked. */
  readonly service: ServiceState | undefined;
  readonly open: { readonly count: number; readonly since: number | undefined };
  readonly total: number;
  readonly payments: number;
  /** Over the last five seconds. */
  readonly perSecond: number;
  /** The most frequent first. */
  readonly verification: readonly Count[];
  readonly answered: readonly Count[];
  /** The newest first, {@link MOST_ROWS} at most. */
  readonly requests: readonly ReceivedRequest[];
}

/** A page never has more rows than this. */
export const MOST_ROWS = 100;

const RATE_OVER_MS = 5_000;

/** What is to be shown now. @param nowMs of the simulator's monotonic clock */
export function factsOf(
  { log, player }: { readonly log: RequestLog; readonly player: Player },
  service: ServiceState | undefined,
  wanted: Wanted,
  nowMs: number,
): Facts {
  const playing = player.playing();
  const { count, oldest } = log.open();
  const { total, distinctPayments, verification, answered } = log.summary();
  return {
    playing: {
      ...{ choice: playing.choice, since: playing.since, asUsual: spoilsNothing(playing.profile) },
      ...described(playing),
    },
    service,
    open: { count, since: oldest?.at },
    total,
    payments: distinctPayments,
    perSecond: rate(log.list(), nowMs),
    verification: sorted(verification),
    answered: sorted(answered),
    requests: newest(log.list(), wanted),
  };
}

function described({ choice, profile }: Playing): Pick<Facts['playing'], 'title' | 'about'> {
  switch (choice.kind) {
    case 'fault': {
      const { label, about } = NAMED_FAULTS[choice.fault];
      if (choice.fault === 'normal') return { title: 'Answering as usual', about };
      return { title: `${label}, for ${CONCERNED[choice.concerned].label}`, about };
    }
    case 'profile':
      return { title: `The profile ${choice.name}`, about: inWords(profile) };
    case 'own':
      return { title: 'A profile without a name', about: inWords(profile) };
  }
}

function inWords({ rules = [], default: otherwise, rateCap, delayMs }: Profile): string {
  const parts = [
    ...(rules.length > 0 ? [`Rules: ${rules.length}, the first that matches answers`] : []),
    ...(otherwise === undefined ? [] : ['Where none matches, its default answers']),
    ...(rateCap === undefined ? [] : [`At most ${rateCap} requests a second`]),
    ...(delayMs === undefined ? [] : [`Every answer comes after ${delayMs} ms`]),
  ];
  return parts.length === 0 ? NAMED_FAULTS.normal.about : `${parts.join('. ')}.`;
}

function spoilsNothing({ rules = [], default: otherwise, rateCap }: Profile): boolean {
  return rules.length === 0 && otherwise === undefined && rateCap === undefined;
}

function rate(requests: readonly ReceivedRequest[], nowMs: number): number {
  const last = requests.findLastIndex(({ receivedAtMonotonicMs }) => receivedAtMonotonicMs <= nowMs - RATE_OVER_MS);
  return ((requests.length - 1 - last) * 1_000) / RATE_OVER_MS;
}

function sorted(counts: Readonly<Record<string, number>>): Count[] {
  return Object.entries(counts).sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1));
}

function newest(requests: readonly ReceivedRequest[], { show, payment }: Wanted): ReceivedRequest[] {
  const found: ReceivedRequest[] = [];
  for (let at = requests.length - 1; at >= 0 && found.length < MOST_ROWS; at -= 1) {
    const request = requests[at];
    if (request !== undefined && isWanted(request, show) && request.paymentId.includes(payment)) found.push(request);
  }
  return found;
}

function isWanted({ verification, answered }: ReceivedRequest, show: Show): boolean {
  switch (show) {
    case 'all':
      return true;
    case 'refused':
      return verification !== 'verified';
    case 'not_s':
      return answered !== 'S SUCCESS';
  }
}
