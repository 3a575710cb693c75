// The order of the test files: jest's (failed, then slowest first), but without known durations by kind instead of size: a
// slow file that is started last occupies one worker while the other has nothing to do.
const { default: Sequencer } = require('@jest/test-sequencer');

/** Short files whose tests take half a minute or more. */
const SLOW = /\/(apps\/demo\/src\/check|libs\/simulation\/src\/(broker\/contract|mutants|world\/simulate))\.[^/]*$/;

module.exports = class SlowestFirst extends Sequencer {
  sort(tests) {
    return super.sort(tests).sort((a, b) => unknownSlowness(b) - unknownSlowness(a));
  }
};

/** 0 if jest knows how long it took, which super.sort() has considered. */
function unknownSlowness({ path, duration }) {
  if (duration !== undefined) return 0;
  if (path.includes('.long.test.')) return 3;
  return path.includes('/e2e/') || SLOW.test(path) ? 2 : 1;
}
