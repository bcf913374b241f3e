import { newestCopy, placesOf, type Story } from './stories.ts';

/** How far a record has come that is not committed everywhere. */
export const STAGES = [
  'not begun',
  'no event',
  'first attempt in flight',
  'retry in flight',
  'answered',
  'parked and uncommitted',
  'dead letter and uncommitted',
  'waits for its retry',
  'waits behind its key',
] as const;
export type Stage = (typeof STAGES)[number];

/** The gateway is given up by then. */
const ANSWERED_WITHIN_MS = 2_000;

/** @returns `undefined` where it is at rest for good */
export function stageOf(story: Story, now: number): Stage | undefined {
  const { requests, copies, letters, paymentId } = story;
  const open = placesOf(story).filter(({ committedAt }) => committedAt === undefined);
  if (open.length === 0) return undefined;
  const [last, copy] = [requests.at(-1), newestCopy(story)];
  if (last !== undefined && last.heardAt === undefined && now - last.sentAt < ANSWERED_WITHIN_MS) {
    return copies.length === 0 ? 'first attempt in flight' : 'retry in flight';
  }
  if (letters.length > 0) return 'dead letter and uncommitted';
  if (last !== undefined && last.at > (copy?.at ?? 0)) return 'answered';
  if (copy !== undefined && open.some((place) => place !== copy)) return 'parked and uncommitted';
  if (copy !== undefined) return copy.attempts === 0 ? 'waits behind its key' : 'waits for its retry';
  return paymentId === '' ? 'no event' : 'not begun';
}
