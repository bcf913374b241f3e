import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Of the files that need brokers, those that take longest: they begin, so that at the end nothing waits for one alone. */
const LONGEST = [
  'brokers-that-stop-lose-nothing',
  'a-stop-in-any-phase-ends-in-time',
  'a-minute-of-faults',
  'keeps-to-the-gateways-rate',
  'a-redrive-sends-each-letter-once',
  'simulated-brokers-answer-as-real-ones-do',
  'alerts-fire-and-panels-show-while-faults-are-played',
  'the-simulators-page-shows-and-plays-faults',
  'an-open-transaction-is-seen',
  'a-failing-world-shrinks',
];

/** Also on a machine that has run none of them before. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number =>
      LONGEST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
    const sorted = await super.sort(files);
    const first = sorted.filter((file) => place(file) >= 0).sort((one, other) => place(one) - place(other));
    return [...first, ...sorted.filter((file) => place(file) < 0)];
  }
}

/** On two cores; they wait more than they work. */
const besideEachOther = { hookTimeout: 120_000, maxWorkers: 5, sequence: { groupOrder: 1 } };

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          setupFiles: [new URL('../test/support/property-seed.ts', import.meta.url).pathname],
          testTimeout: 30_000,
          include: ['test/unit/**/*.test.ts', 'test/property/**/*.test.ts', 'test/deploy/**/*.test.ts'],
          // Some wait for sockets and files meanwhile; by itself Vitest leaves one core unused.
          maxWorkers: '100%',
        },
      },
      { test: { name: 'simulation', include: ['test/simulation/*.test.ts'], ...besideEachOther } },
      {
        test: {
          name: 'integration',
          include: ['test/{integration,chaos}/**/*.test.ts'],
          globalSetup: [new URL('../test/support/global-setup.ts', import.meta.url).pathname],
          testTimeout: 120_000,
          // What one file has imported the next one need not; each test has a world of its own all the same.
          isolate: false,
          ...besideEachOther,
        },
      },
    ],
  },
});
