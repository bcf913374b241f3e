import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
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
      {
        test: {
          name: 'simulation',
          include: ['test/simulation/*.test.ts'],
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/{integration,chaos}/**/*.test.ts'],
          globalSetup: [new URL('../test/support/global-setup.ts', import.meta.url).pathname],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // On two cores; they wait more than they work.
          maxWorkers: 4,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
