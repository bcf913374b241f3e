import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { Misconfigured } from '../../../src/core/misconfigured.ts';
import { parseProfile, type Profile, ProfileError } from '../../../src/simulator/faults.ts';
import {
  CONCERNED,
  type Concerned,
  faultProfile,
  type FaultName,
  isConcerned,
  isFaultName,
  NAMED_FAULTS,
} from '../../../src/simulator/named-faults.ts';
import { createPlayer } from '../../../src/simulator/player.ts';

const SLOW: Profile = { delayMs: 5 };
const FAULTS = Object.keys(NAMED_FAULTS) as FaultName[];
const ALL_CONCERNED = Object.keys(CONCERNED) as Concerned[];

test.each(FAULTS)('%s can be played for each who may be concerned', (fault) => {
  const ids = Array.from({ length: 400 }, (_, at) => `P-${String(at)}`);
  for (const concerned of ALL_CONCERNED) {
    const profile = faultProfile(fault, concerned);
    expect(parseProfile(profile)).toEqual(profile);
    const player = createPlayer(new Map());
    player.playFault(fault, concerned);
    const { choose } = player.playing().playback;
    const answersTo = (attempt: number) => ids.map((id) => choose(id, attempt));
    const [firsts, seconds] = [answersTo(1), answersTo(2)];
    const [first, second] = [firsts, seconds].map((all) =>
      all.filter((one) => isDeepStrictEqual(one, NAMED_FAULTS[fault].answer)),
    );
    if (fault === 'normal') expect([...firsts, ...seconds]).toEqual(Array(800).fill({ code: 'SUCCESS' }));
    else if (concerned === 'all') expect([first?.length, second?.length]).toEqual([400, 400]);
    else if (concerned === 'first') expect([first?.length, second?.length]).toEqual([400, 0]);
    else {
      const [least, most] = concerned === 'half' ? [150, 250] : [20, 60];
      expect(first?.length).toBeGreaterThan(least);
      expect(first?.length).toBeLessThan(most);
      expect(second?.length).toBe(first?.length);
    }
  }
});

test('only names that there are are names', () => {
  expect([...FAULTS, 'toString', ''].filter(isFaultName)).toEqual(FAULTS);
  expect([...ALL_CONCERNED, 'constructor', ''].filter(isConcerned)).toEqual(ALL_CONCERNED);
});

test('it begins with the profile given, or the first at hand, or as usual', () => {
  const atHand = new Map([
    ['2', () => SLOW],
    ['1', () => ({ rateCap: 1 })],
  ]);
  expect(createPlayer(atHand, { rateCap: 7 }).playing()).toMatchObject({ choice: { kind: 'own' } });
  expect(createPlayer(atHand).playing()).toMatchObject({ choice: { kind: 'profile', name: '2' }, profile: SLOW });
  expect(createPlayer(new Map()).playing().choice).toEqual({ kind: 'fault', fault: 'normal', concerned: 'all' });
  expect(() => createPlayer(new Map(), { rateCap: -1 })).toThrow(ProfileError);
});

test('a profile at hand is loaded each time it is played; where it cannot be, the one before goes on', () => {
  let delayMs = 1;
  const player = createPlayer(new Map([['file', () => ({ delayMs: (delayMs += 1) })]]));
  player.playAtHand('file');
  expect(player.playing().profile).toEqual({ delayMs: 3 });
  delayMs = -10;
  for (const wrong of ['file', 'nowhere']) expect(() => player.playAtHand(wrong)).toThrow(Misconfigured);
  expect(() => player.play({ rateCap: 0 })).toThrow(ProfileError);
  expect(player.playing()).toMatchObject({ choice: { kind: 'profile', name: 'file' }, profile: { delayMs: 3 } });
});
