import { beforeEach, describe, expect, test } from 'vitest';
import { KeyRing } from '../../../src/http/key-ring.ts';
import type { SigningKeys } from '../../../src/http/key-set.ts';
import type { Fact } from '../../../src/pipeline/facts.ts';
import { rsaKeyPair } from '../../support/keys.ts';

const KEY = rsaKeyPair().privateKey;
const OTHER = rsaKeyPair('gateway').privateKey;

/** Keys of these versions, all with the same key but for those named. */
function set(active: string, versions: readonly string[], keys: Record<string, typeof KEY> = {}): SigningKeys {
  const made = versions.map((version) => ({ version, key: keys[version] ?? KEY }));
  return { active: made.find(({ version }) => version === active) ?? expect.fail(active), versions: made };
}

function ringOf(keys: SigningKeys): { ring: KeyRing; told: string[] } {
  const told: string[] = [];
  const observe = (fact: Fact): void => {
    if (fact.kind === 'key_reloaded') told.push(`${fact.result}: ${fact.detail}`);
  };
  const loaded = { dir: '', fingerprint: '' };
  return { ring: new KeyRing({ signing: { ...loaded, keys }, gateway: { ...loaded, keys: [] } }, observe), told };
}

describe('the key of a turn', () => {
  test.each([
    [['1'], '1', ['1', '1', '1', '1']],
    [['1', '2'], '2', ['2', '2', '1', '2', '1']],
    [['1', '2'], '1', ['1', '1', '2', '1', '2']],
    [['1', '2', '3', '4'], '2', ['2', '2', '3', '4', '1', '2', '3']],
  ])('of %j, %s active: %j', (versions, active, order) => {
    const { ring } = ringOf(set(active, versions));
    expect(order.map((_, turn) => ring.signing(turn).version)).toEqual(order);
  });
});

describe('a version that worked', () => {
  let ring: KeyRing;
  let told: string[];
  beforeEach(() => ({ ring, told } = ringOf(set('2', ['1', '2', '3']))));
  const inUse = (): string => ring.signing(0).version;

  test.each(['1', '3'])('in place of the active one signs from then on, and is told once: %s', (version) => {
    ring.worked(version);
    ring.worked(version);
    expect(ring.state).toEqual({ versions: ['1', '2', '3'], inUse: version });
    expect(told).toHaveLength(1);
    expect(told[0]).toBe(
      `fallback: the gateway takes version ${version} and not 2, the active one; ` +
        `register 2 at the gateway, or write ${version} into the file active`,
    );
    expect(ring.signing(1).version, 'the active one keeps its turn').toBe('2');
  });

  test('may be followed by another', () => {
    ring.worked('1');
    ring.worked('3');
    expect(inUse()).toBe('3');
    expect(told).toHaveLength(2);
  });

  test('and is the active one ends a fallback', () => {
    ring.worked('2');
    expect(told).toEqual([]);
    ring.worked('1');
    ring.worked('2');
    expect(inUse()).toBe('2');
    expect(told).toHaveLength(1);
  });

  test('but is no longer here changes nothing', () => {
    ring.worked('4');
    expect(inUse()).toBe('2');
    expect(told).toEqual([]);
  });
});

describe('with version 1 in place of 2, a new set', () => {
  test.each([
    ['that makes 1 active agrees', set('1', ['1', '2']), '1'],
    ['with the same active version keeps it so', set('2', ['1', '2', '3']), '1'],
    ['with another active version decides anew', set('3', ['1', '2', '3']), '3'],
    ['with another key for the active version decides anew', set('2', ['1', '2'], { 2: OTHER }), '2'],
    ['without version 1 goes back to the active one', set('2', ['2']), '2'],
  ])('%s', (_, keys, inUse) => {
    const { ring, told } = ringOf(set('2', ['1', '2']));
    ring.worked('1');
    ring.replaceSigning(keys);
    expect(ring.signing(0).version).toBe(inUse);
    expect(told).toHaveLength(1);
  });

  test.each([
    ['made 1 active', set('1', ['1', '2'])],
    ['left it out', set('2', ['2'])],
  ])('that %s leaves nothing behind: in the next set the active version signs', (_, keys) => {
    const { ring } = ringOf(set('2', ['1', '2']));
    ring.worked('1');
    ring.replaceSigning(keys);
    ring.replaceSigning(set('2', ['1', '2']));
    expect(ring.signing(0).version).toBe('2');
  });
});

test("the gateway's keys are replaced as a whole", () => {
  const { ring } = ringOf(set('1', ['1']));
  const keys = [{ name: 'new', key: rsaKeyPair('gateway').publicKey }];
  ring.replaceGateway(keys);
  expect(ring.gateway()).toBe(keys);
});
