import type { Observe } from '../pipeline/ports.ts';
import type { GatewayKey, LoadedKeys, SigningKey, SigningKeys } from './key-set.ts';

/** The keys of a message and of its answer. */
export type Keys = Pick<KeyRing, 'signing' | 'gateway'>;

/**
 * The keys in use. They change as a whole between two calls and never within one: ask once a message, and keep nothing
 * between messages.
 *
 * Normally the active version signs. Where the gateway takes another one and not that, the other signs until somebody
 * decides again: a new set that makes it active, brings another active key, or leaves it out.
 */
export class KeyRing {
  readonly #observe: Observe;
  #signing: SigningKeys;
  #gateway: readonly GatewayKey[];
  /** The version that signs in place of the active one. */
  #fallback: string | undefined;

  constructor({ signing, gateway }: LoadedKeys, observe: Observe) {
    this.#signing = signing.keys;
    this.#gateway = gateway.keys;
    this.#observe = observe;
  }

  /**
   * The key to sign one message with.
   *
   * @param turn 0: the one in use; 1: the active one; from there on each version in turn, newer ones first, going round
   */
  readonly signing = (turn: number): SigningKey => {
    const { active, versions } = this.#signing;
    if (turn === 0) return versions.find(({ version }) => version === this.#fallback) ?? active;
    return versions[(versions.indexOf(active) + turn - 1) % versions.length] ?? active;
  };

  readonly gateway = (): readonly GatewayKey[] => this.#gateway;

  /** The version that should sign, as the keys at hand say it. */
  get active(): string {
    return this.#signing.active.version;
  }

  /** All versions at hand, and the one that signs. */
  get state(): { readonly versions: readonly string[]; readonly inUse: string } {
    return { versions: this.#signing.versions.map(({ version }) => version), inUse: this.signing(0).version };
  }

  /** The gateway has answered a request signed with this version while the one in use was refused. */
  readonly worked = (version: string): void => {
    const { active, versions } = this.#signing;
    if (version === this.state.inUse || !versions.some((key) => key.version === version)) return;
    this.#fallback = version === active.version ? undefined : version;
    if (this.#fallback === undefined) return;
    const remedy = `register ${active.version} at the gateway, or write ${version} into the file active`;
    const detail = `the gateway takes version ${version} and not ${active.version}, the active one; ${remedy}`;
    this.#observe({ kind: 'key_reloaded', result: 'fallback', detail });
  };

  readonly replaceSigning = (keys: SigningKeys): void => {
    const { active } = this.#signing;
    const sameActive = keys.active.version === active.version && keys.active.key.equals(active.key);
    const stillHere = keys.versions.some(({ version }) => version === this.#fallback);
    if (!sameActive || !stillHere) this.#fallback = undefined;
    this.#signing = keys;
  };

  readonly replaceGateway = (keys: readonly GatewayKey[]): void => {
    this.#gateway = keys;
  };
}
