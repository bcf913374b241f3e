import { nameOf, namesOf, type Copy, type Story } from './stories.ts';
import type { Violation } from './violations.ts';

/** How far a lane is committed: `main` or a tier, and a partition. */
export type Committed = (tier: string, partition: number) => number;

/** A record whose offset has just been committed, and which is nowhere any more; `undefined` where all is well. */
export function judgeCommitted(story: Story, committed: Committed): Violation | undefined {
  if (story.isLost || isDelivered(story) || story.letters.length > 0 || liveCopies(story, committed).length > 0)
    return undefined;
  return { kind: 'unsettled', detail: nameOf(story), names: namesOf(story) };
}

/** What is wrong with where a record is, when all was given the time to be settled. */
export function judgePlace(story: Story, committed: Committed, isTold: boolean): Violation[] {
  if (story.isLost) return [];
  const found: Violation[] = [];
  const tell = (kind: Violation['kind'], detail: string): void => {
    found.push({ kind, detail: `${nameOf(story)} ${detail}`, names: namesOf(story) });
  };
  const live = liveCopies(story, committed);
  if (story.offset >= committed('main', story.partition)) tell('open', 'is not committed');
  if (live.length > 0) tell('open', `waits in ${live.map(({ tier, offset }) => `${tier}:${offset}`).join(' and ')}`);
  if (isDelivered(story) && story.letters.length > 0) tell('doubled', 'is delivered and dead-lettered');
  if (!isDelivered(story) && story.letters.length === 0) tell('unsettled', 'is neither delivered nor dead-lettered');
  if (isTold && story.told.length === 0) tell('untold', 'has no outcome');
  return found;
}

/** Somebody has heard that it was accepted. */
function isDelivered({ requests }: Story): boolean {
  return requests.some(({ answered, heardAt }) => answered === 'S SUCCESS' && heardAt !== undefined);
}

function liveCopies({ copies, partition }: Story, committed: Committed): Copy[] {
  return copies.filter(({ tier, offset }) => offset >= committed(tier, partition));
}
