import { defineConfig } from 'vitest/config';
import { testProcesses } from './scripts/test-process.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A native GPU device in worker threads is asking for trouble; two processes suit two cores.
    pool: testProcesses,
    maxWorkers: 2,
    // Software adapters compile and compute slowly, on a machine that may be doing other work.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
  },
});
