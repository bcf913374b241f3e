/** What is promised, and the tests that prove it, as paths below `test/`. */
export interface Guarantee {
  readonly name: string;
  readonly promise: string;
  readonly tests: readonly string[];
}

const CHAOS = 'chaos/a-minute-of-faults.test.ts';

export const GUARANTEES: readonly Guarantee[] = [
  {
    name: 'G1',
    promise: 'An offset is committed only when its record is settled.',
    tests: [
      CHAOS,
      'integration/commits-only-after-settlement.test.ts',
      'integration/kill-nine-loses-nothing.test.ts',
      'integration/a-lost-acknowledgement-loses-no-other-record.test.ts',
    ],
  },
  {
    name: 'G2',
    promise: 'Nothing is lost: every event is delivered, dead-lettered, waiting as one live copy, or not committed.',
    tests: [
      CHAOS,
      'integration/kill-nine-loses-nothing.test.ts',
      'integration/brokers-that-stop-lose-nothing.test.ts',
      'integration/leader-moves-and-added-partitions-lose-and-repeat-nothing.test.ts',
    ],
  },
  {
    name: 'G3',
    promise: 'First attempts of a partition go out in offset order; events of a key are never sent out of order.',
    tests: [
      CHAOS,
      'integration/keeps-order-within-a-partition.test.ts',
      'integration/a-key-keeps-its-order-behind-a-parked-event.test.ts',
      'property/core/parked-keys.test.ts',
    ],
  },
  {
    name: 'G4',
    promise:
      'Operations repeat nothing; after a crash, a freeze or an eviction a lane repeats at most what was in flight.',
    tests: [
      CHAOS,
      'integration/joins-and-leaves-under-load-repeat-nothing.test.ts',
      'integration/clean-drain-repeats-nothing.test.ts',
      'integration/a-frozen-member-sends-nothing-when-it-wakes.test.ts',
      'integration/kill-nine-loses-nothing.test.ts',
    ],
  },
  {
    name: 'G5',
    promise: 'A retry sends the same bytes, never before its time.',
    tests: [CHAOS, 'integration/unknown-goes-to-retry-and-comes-back-with-the-same-bytes.test.ts'],
  },
  {
    name: 'G6',
    promise: 'A fault that concerns every event stops the flow, loses nothing, and the flow resumes unaided.',
    tests: [
      CHAOS,
      'integration/systemic-refusal-holds-and-resumes.test.ts',
      'integration/an-outage-holds-and-resumes-unaided.test.ts',
      'integration/a-refused-key-falls-back.test.ts',
      'integration/a-registry-out-of-order-delays-and-loses-nothing.test.ts',
      'integration/brokers-that-stop-lose-nothing.test.ts',
      'integration/a-deleted-topic-stops-nothing-else.test.ts',
      'integration/a-group-in-foreign-hands-is-waited-for.test.ts',
    ],
  },
  {
    name: 'G7',
    promise: 'An answer that is not verified never counts as delivered.',
    tests: [
      CHAOS,
      'integration/unsigned-success-is-not-success.test.ts',
      'integration/a-redirect-is-not-a-delivery.test.ts',
      'property/core/outcome.test.ts',
    ],
  },
  {
    name: 'G8',
    promise: 'One bad record, or a payment that is always refused, stops neither a partition nor the service.',
    tests: [
      CHAOS,
      'integration/poison-does-not-stop-a-partition.test.ts',
      'integration/one-refused-payment-stops-nobody.test.ts',
      'integration/terminal-refusal-is-dead-lettered-verbatim.test.ts',
      'integration/a-corrupt-batch-stops-only-its-partition.test.ts',
      'integration/a-batch-that-expands-without-bound-is-dead-lettered.test.ts',
    ],
  },
  {
    name: 'G9',
    promise: 'No key, token, password or signature reaches a log, a metric, an error or a dump.',
    tests: [
      'integration/no-secret-is-ever-seen.test.ts',
      'integration/brokers-are-reached-only-by-who-proves-it.test.ts',
      'unit/support/secrets.test.ts',
    ],
  },
];
