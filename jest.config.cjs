const shared = {
  rootDir: __dirname,
  testEnvironment: '<rootDir>/tools/jest-environment.cjs',
  transform: { '\\.ts$': '<rootDir>/tools/jest-esbuild.cjs' },
  cacheDirectory: '<rootDir>/.local/jest',
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/.local', '<rootDir>/.nx'],
};

/** Real servers, which the global set-up starts when the first test needs them. */
const withServers = {
  ...shared,
  globalSetup: '<rootDir>/libs/testing/src/jest-global-setup.ts',
  globalTeardown: '<rootDir>/libs/testing/src/jest-global-teardown.ts',
};

/**
 * unit: pure logic and single processes. integration: anything that needs the real RabbitMQ or Redis.
 * long: the same with tens of thousands of events, hundreds of kills or minutes of waiting; only `npm test -- --all` runs them.
 */
module.exports = {
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/{apps,libs,deploy,tools}/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '\\.(integration|long)\\.test\\.ts$'],
    },
    {
      ...withServers,
      displayName: 'integration',
      testMatch: ['<rootDir>/{apps,libs,deploy,tools}/**/*.integration.test.ts', '<rootDir>/e2e/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '\\.long\\.test\\.ts$'],
    },
    { ...withServers, displayName: 'long', testMatch: ['<rootDir>/{libs,e2e}/**/*.long.test.ts'] },
  ],
  // Modules of finished test files stay in a worker's heap, which is limited to 1 GB.
  workerIdleMemoryLimit: '600MB',
  testSequencer: '<rootDir>/tools/jest-sequencer.cjs',
  // For a machine on which much else is running: a test that takes a minute alone took more than three at a load of 12.
  testTimeout: 300_000,
};
