import { expect, test } from 'vitest';
import type { SeenRequest } from '../../simulation/gateway.ts';
import { Disturbances } from '../../simulation/judge/disturbances.ts';
import { Repeats } from '../../simulation/judge/repeats.ts';
import { Stories, type Story } from '../../simulation/judge/stories.ts';
import { SimulatedProcess } from '../../simulation/processes.ts';

const [ONE, OTHER] = [new SimulatedProcess('one'), new SimulatedProcess('other')];

const copyOf = ({ partition, offset }: Story) => ({
  ...{ key: null, value: null, offset: 4 },
  headers: {
    'notifier-origin-partition': Buffer.from(`${partition}`),
    'notifier-origin-offset': Buffer.from(`${offset}`),
  },
});

/** A world in which records of one partition were sent, heard of and perhaps committed. */
function worldWith(isByPartition = true) {
  const [stories, disturbances] = [new Stories(), new Disturbances()];
  const repeats = new Repeats(disturbances, isByPartition);
  let seq = 0;
  const write = (offset: number): Story => {
    stories.written(0, { offset, key: null }, `P${offset}`, 0);
    const story = stories.at('main', 0, offset);
    if (story === undefined) throw new Error('it was not written');
    return story;
  };
  const send = (story: Story, from: SimulatedProcess, sentAt: number, heardAt?: number): string[] => {
    const request: SeenRequest = {
      ...{ seq: (seq += 1), sentAt, at: sentAt, from, paymentId: story.paymentId },
      ...{ bodySha256: '', answered: 'S SUCCESS', ...(heardAt !== undefined && { heardAt }) },
    };
    stories.requested(request);
    return repeats.judge(request, story).map(({ kind }) => kind);
  };
  return { stories, disturbances, write, send };
}

test('a record is sent again without a reason', () => {
  const { write, send } = worldWith();
  const story = write(0);
  expect(send(story, ONE, 100, 110)).toEqual([]);
  expect(send(story, OTHER, 200)).toEqual(['repeat']);
});

test('an answer that nobody heard explains that it is sent again', () => {
  const { write, send } = worldWith();
  const story = write(0);
  send(story, ONE, 100);
  expect(send(story, OTHER, 200)).toEqual([]);
});

test('who was killed before the commit explains it; who was killed after it, and anybody else, does not', () => {
  const { stories, disturbances, write, send } = worldWith();
  const [inFlight, committed, ofOther] = [write(0), write(1), write(2)];
  for (const story of [inFlight, committed]) send(story, ONE, 100, 110);
  send(ofOther, OTHER, 100, 110);
  stories.appended('payment-final.retry.1s', 0, copyOf(committed), 120);
  stories.committed('main', 0, 1, 130);
  disturbances.begin('kill', 150, ONE.name)(150);
  expect(send(inFlight, OTHER, 9_000)).toEqual([]);
  expect(send(committed, OTHER, 9_000)).toEqual(['repeat']);
  expect(send(ofOther, ONE, 9_000)).toEqual(['repeat']);
});

test('a copy that somebody wrote who had been disturbed, after a verdict was heard, explains it', () => {
  const { stories, disturbances, write, send } = worldWith();
  const story = write(0);
  disturbances.begin('kill', 50, OTHER.name)(50);
  send(story, ONE, 100, 110);
  stories.committed('main', 0, 0, 130);
  stories.appended('payment-final.retry.1s', 0, copyOf(story), 3_000);
  expect(send(story, ONE, 9_000)).toEqual([]);
});

test('nothing explains that a record is sent again when everything of it is committed', () => {
  const { stories, disturbances, write, send } = worldWith();
  const story = write(0);
  send(story, ONE, 100, 110);
  stories.committed('main', 0, 0, 120);
  disturbances.begin('kill', 115, ONE.name)(115);
  expect(send(story, OTHER, 9_000)).toEqual(['after_commit']);
});

test('one disturbance explains two records of a lane, and by key those in flight and their commits', () => {
  const kinds = (isByPartition: boolean): string[] => {
    const { disturbances, write, send } = worldWith(isByPartition);
    const stories = [0, 1, 2].map(write);
    for (const story of stories) send(story, ONE, 100, 110);
    disturbances.begin('kill', 120, ONE.name)(120);
    return stories.flatMap((story) => send(story, OTHER, 9_000));
  };
  expect(kinds(true)).toEqual(['too_many_repeats']);
  expect(kinds(false)).toEqual([]);
});

test('a copy that its new leader does not have is no copy any more', () => {
  const { stories, write } = worldWith();
  const story = write(0);
  stories.appended('payment-final.retry.1s', 0, copyOf(story), 120);
  stories.lost('payment-final.retry.1s', 0, 5);
  expect(story.copies).toHaveLength(1);
  stories.lost('payment-final.retry.1s', 0, 4);
  expect(story.copies).toEqual([]);
});
