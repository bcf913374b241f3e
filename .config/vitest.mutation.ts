import { defineConfig } from 'vitest/config';

/** The tests that judge mutants of core and pipeline: those without I/O. */
export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: [
      'test/unit/core-*.test.ts',
      'test/unit/pipeline-*.test.ts',
      'test/unit/{objective,signature}.test.ts',
      'test/property/*.test.ts',
    ],
  },
});
