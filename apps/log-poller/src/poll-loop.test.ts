import { ManualClock, waitUntil } from '@pdaltagent/testing';
import { RecordingLog } from './recording-log.fixture';
import { PollLoop } from './poll-loop';

it('keeps its interval when the machine’s clock is set back two hours', async () => {
  const clock = new ManualClock();
  let cycles = 0;
  const loop = new PollLoop({
    cycle: {
      run: () => Promise.resolve(void (cycles += 1)),
      standBy: () => Promise.resolve(),
      reportLag: () => Promise.resolve(),
    },
    lease: { isHeld: () => true, holder: () => 'this process', whenHeld: () => Promise.resolve() },
    publisher: { state: () => 'connected' },
    intervalMs: 10_000,
    log: new RecordingLog(),
    clock,
  });
  loop.start();
  await waitUntil(() => cycles === 1, { what: 'the first cycle' });
  clock.jump(-7_200_000);
  await waitUntil(() => clock.advance(1_000) ?? cycles === 2, { what: 'the second cycle' });
  await loop.stop();
});
