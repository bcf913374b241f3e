import { Misconfigured } from '../core/misconfigured.ts';
import { parseProfile, type Profile } from './faults.ts';
import { type Concerned, faultProfile, type FaultName } from './named-faults.ts';
import { beginPlayback, type Playback } from './playback.ts';

/** What was chosen to be played: a named fault, one of the profiles at hand, or a profile that has no name here. */
export type Choice =
  | { readonly kind: 'fault'; readonly fault: FaultName; readonly concerned: Concerned }
  | { readonly kind: 'profile'; readonly name: string }
  | { readonly kind: 'own' };

/** What is played now. */
export interface Playing {
  readonly choice: Choice;
  readonly profile: Profile;
  /** Epoch milliseconds. */
  readonly since: number;
  readonly playback: Playback;
}

/** Profiles at hand, by name. Each is loaded when it is played, so that a file can be changed meanwhile. */
export type ProfilesAtHand = ReadonlyMap<string, () => Profile>;

/** Plays one profile at a time; its clock and its counts begin anew with each. */
export interface Player {
  playing(): Playing;
  /** The names of the profiles at hand. */
  readonly atHand: readonly string[];
  /**
   * Plays a profile from now on.
   *
   * @throws {ProfileError} with every problem, and goes on with the profile before.
   */
  play(profile: Profile): void;
  playFault(fault: FaultName, concerned: Concerned): void;
  /**
   * Plays one of the profiles at hand.
   *
   * @throws {Misconfigured} where there is none of this name or it cannot be loaded, and goes on with the profile before.
   */
  playAtHand(name: string): void;
}

/**
 * Begins with a profile, or else with the first of those at hand, or else with answering as usual.
 *
 * @throws {Misconfigured} where that profile cannot be played.
 */
export function createPlayer(profiles: ProfilesAtHand, first?: Profile): Player {
  let playing = first === undefined ? firstOf(profiles) : begin({ kind: 'own' }, first);
  return {
    playing: () => playing,
    atHand: [...profiles.keys()],
    play(profile) {
      playing = begin({ kind: 'own' }, profile);
    },
    playFault(fault, concerned) {
      playing = begin({ kind: 'fault', fault, concerned }, faultProfile(fault, concerned));
    },
    playAtHand(name) {
      const load = profiles.get(name);
      if (load === undefined) throw new Misconfigured([`no profile ${name} is at hand`]);
      playing = begin({ kind: 'profile', name }, load());
    },
  };
}

function firstOf(profiles: ProfilesAtHand): Playing {
  for (const [name, load] of profiles) return begin({ kind: 'profile', name }, load());
  return begin({ kind: 'fault', fault: 'normal', concerned: 'all' }, {});
}

function begin(choice: Choice, given: Profile): Playing {
  const profile = parseProfile(given);
  return { choice, profile, since: Date.now(), playback: beginPlayback(profile, () => performance.now()) };
}
