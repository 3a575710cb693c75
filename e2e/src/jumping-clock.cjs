// Preloaded into a service: offsets its wall clock by the milliseconds in a file, which is read again on SIGUSR2.
const { readFileSync } = require('node:fs');

const RealDate = Date;
let offset = 0;

class JumpingDate extends RealDate {
  constructor(...given) {
    super(...(given.length === 0 ? [RealDate.now() + offset] : given));
  }

  static now() {
    return RealDate.now() + offset;
  }
}
globalThis.Date = JumpingDate;

process.on('SIGUSR2', () => {
  offset = Number(readFileSync(process.env.JUMPING_CLOCK_FILE, 'utf8'));
  process.stdout.write(`${JSON.stringify({ message: 'the clock jumped', offset })}\n`);
});
