import { defineConfig } from 'vitest/config';

/** What spans components: real kubectl, the local driver. One file at a time: they share the machine and its ports. */
export default defineConfig({
  test: {
    include: ['test/integration/**/*.test.ts'],
    fileParallelism: false,
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
