// Jest reporter: counts tests strictly and writes the counts to the file PDALTAGENT_TEST_COUNTS.
const { writeFileSync } = require('node:fs');

module.exports = class CountReporter {
  onRunComplete(_contexts, { testResults, wasInterrupted }) {
    const counts = { passed: 0, failed: wasInterrupted ? 1 : 0 };
    for (const { testFilePath, testResults: tests, testExecError, failureMessage } of testResults) {
      for (const test of tests) {
        const reason = whyFailed(test);
        if (reason === undefined) counts.passed += 1;
        else counts.failed += 1;
        if (reason && test.status !== 'failed')
          console.log(`${reason}, which counts as a failure: ${test.fullName} (${testFilePath})`);
      }
      // The file itself failed: not all of its tests ran.
      if (testExecError || (failureMessage && tests.every(({ status }) => status !== 'failed'))) counts.failed += 1;
    }
    const file = process.env.PDALTAGENT_TEST_COUNTS;
    if (file) writeFileSync(file, JSON.stringify(counts));
  }
};

function whyFailed({ status, invocations = 1 }) {
  if (status !== 'passed') return status;
  return invocations > 1 ? 'retried' : undefined;
}
