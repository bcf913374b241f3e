import { VERDICTS } from '../fates.ts';
import type { SeenRequest } from '../gateway.ts';
import type { Disturbances } from './disturbances.ts';
import { isLate, nameOf, namesOf, newestCopy, type Stories, type Story } from './stories.ts';
import type { Violation, ViolationKind } from './violations.ts';

/** What requests are judged by. */
export interface Rules {
  /** Whether every member takes the records of a partition one by one. */
  readonly isByPartition: boolean;
}

/** What is wrong with a request at the moment at which it arrives; its story has it already. */
export function judgeRequest(
  request: SeenRequest,
  story: Story,
  stories: Stories,
  disturbances: Disturbances,
  { isByPartition }: Rules,
): Violation[] {
  const earlier = [...(stories.byPartition.get(story.partition)?.values() ?? [])].filter(
    ({ offset }) => offset < story.offset,
  );
  const before = story.requests.slice(0, -1);
  const found: Violation[] = [];
  const tell = (kind: ViolationKind, detail: string, other?: Story): void => {
    const names = [story, ...(other === undefined ? [] : [other])].flatMap((one) => namesOf(one));
    found.push({ kind, detail: `request ${request.seq} for ${nameOf(story)}: ${detail}`, names });
  };

  const open = earlier.find((other) => story.key !== undefined && other.key === story.key && !hasEnded(other));
  if (open !== undefined) tell('key_order', `${nameOf(open)} has no verdict yet`, open);

  if (isByPartition && before.length === 0 && story.copies.length === 0) {
    const passed = earlier.find(
      ({ requests, copies, letters, isLost }) => !isLost && requests.length + copies.length + letters.length === 0,
    );
    if (passed !== undefined) tell('order', `nothing has become of ${nameOf(passed)} yet`, passed);
  }

  const other = before.find(({ bodySha256 }) => bodySha256 !== request.bodySha256);
  if (other !== undefined) tell('bytes', `not those of request ${other.seq}`);

  const copy = newestCopy(story, request.sentAt);
  if (copy !== undefined && request.at < copy.notBefore) {
    const causes = isLate(copy, story)
      ? disturbances.thatDelayed(copy.at)
      : story.requests.flatMap(({ from, sentAt }) => disturbances.thatLost(from.name, sentAt, request.sentAt));
    // Its time may have been written by a clock that was wrong then, and handed on since.
    const isSure = causes.length === 0 && !disturbances.hadWrongClocks;
    if (isSure) tell('early', `${copy.notBefore - request.at} ms before its time`);
  }
  return found;
}

/** Whether later events of its key may be told. What is no event is never sent, and keeps nobody waiting. */
function hasEnded({ requests, letters, paymentId, redrivenAfter, isLost }: Story): boolean {
  // One that is redriven has been passed already, by whatever came before it did.
  if (isLost || redrivenAfter > 0) return true;
  return paymentId === '' || letters.length > 0 || requests.some(({ answered }) => VERDICTS.has(answered));
}
