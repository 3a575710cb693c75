const shared = {
  rootDir: __dirname,
  testEnvironment: '<rootDir>/tools/jest-environment.cjs',
  transform: { '\\.ts$': '<rootDir>/tools/jest-esbuild.cjs' },
  cacheDirectory: '<rootDir>/.local/jest',
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/.local', '<rootDir>/.nx'],
};

/** unit: pure logic and single processes. integration: anything that needs the real RabbitMQ or Redis. */
module.exports = {
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/{apps,libs,deploy,tools}/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '\\.integration\\.test\\.ts$'],
    },
    {
      ...shared,
      displayName: 'integration',
      testMatch: ['<rootDir>/{apps,libs,tools}/**/*.integration.test.ts', '<rootDir>/e2e/**/*.test.ts'],
      globalSetup: '<rootDir>/libs/testing/src/jest-global-setup.ts',
      globalTeardown: '<rootDir>/libs/testing/src/jest-global-teardown.ts',
      // Real servers and real processes: a slow machine is no failed test.
      setupFiles: [],
    },
  ],
  testTimeout: 60_000,
};
