import { defineConfig } from 'vitest/config';

/** The product as its user meets it: a real VM, a real browser. One file at a time: they share the machine and its ports. */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    fileParallelism: false,
    pool: 'forks',
    testTimeout: 300_000,
    hookTimeout: 600_000,
  },
});
