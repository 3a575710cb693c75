const shared = {
  rootDir: __dirname,
  testEnvironment: 'node',
  transform: { '\\.ts$': '<rootDir>/tools/jest-esbuild.cjs' },
  extensionsToTreatAsEsm: [],
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
      testMatch: ['<rootDir>/{apps,libs}/**/*.integration.test.ts', '<rootDir>/e2e/**/*.test.ts'],
    },
  ],
};
