import { defineConfig } from 'vitest/config';

/** The tests that judge mutants: those without I/O. */
export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    setupFiles: ['test/support/property-seed.ts'],
    // A busy machine must not pass for a test that fails.
    testTimeout: 60_000,
    include: [
      'test/unit/{core,pipeline}/*.test.ts',
      'test/unit/kafka/{avro,group,lanes,produce,wire}/*.test.ts',
      'test/property/**/*.test.ts',
    ],
  },
});
