import { defineConfig, type ViteUserConfig } from 'vitest/config';

const conditions = ['@sluice/source', 'node', 'import', 'default'];

const config: ViteUserConfig = defineConfig({
  ssr: { resolve: { conditions, externalConditions: conditions } },
  // Real programs on a machine that may be busy: what fails twice more is no accident. The reporter lists what was retried.
  test: { retry: 2, include: ['test/**/*.test.ts'], testTimeout: 20_000, hookTimeout: 30_000, maxWorkers: 2 },
});
export default config;
