// Node's environment; under `npm test` (PDALTAGENT_STRICT_TESTS) a file with a focused test fails, because its other tests do not run.
const { TestEnvironment } = require('jest-environment-node');

module.exports = class StrictEnvironment extends TestEnvironment {
  handleTestEvent(event, state) {
    if (process.env.PDALTAGENT_STRICT_TESTS === '1' && event.name === 'run_start' && state.hasFocusedTests) {
      throw new Error('a focused test (.only, fit, fdescribe) hides the other tests of this file');
    }
  }
};
