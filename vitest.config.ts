import { defineConfig } from 'vitest/config';

/** Unit and contract tests sit beside their sources; what spans components is in test/. */
export default defineConfig({
  test: {
    include: ['{kube,main,agent,images,renderer,test}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', 'test/{e2e,integration}/**', 'renderer/node_modules/**'],
    pool: 'threads',
    testTimeout: 30_000,
    reporters: ['default'],
  },
});
