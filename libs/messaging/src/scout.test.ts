import { ManualClock } from '@pdaltagent/testing';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Scout } from './scout';

it('says once for each reason why nothing is consumed, while RabbitMQ allows no further connection', async () => {
  const clock = new ManualClock();
  const warned: unknown[] = [];
  let reason = 'a limit of connections is reached';
  const scout = new Scout({
    url: 'amqp://broker',
    name: 'scouting',
    queueType: 'quorum',
    onMissing: () => undefined,
    log: { info: () => undefined, warn: (_message, fields) => void warned.push(fields), error: () => undefined },
    connect: () => Promise.reject(new Error(reason)),
    clock,
  });
  expect(scout.isFailing).toBe(false);
  const lost = new AbortController();
  const waiting = [1, 2].map((lane) => scout.whenAnswered(`lane ${lane}`, lost.signal).catch(() => undefined));
  const pass = async () => {
    for (let seconds = 0; seconds < 60; seconds += 1) {
      await nextTurn();
      clock.advance(1_000);
    }
  };
  await pass();
  reason = 'the broker is unreachable';
  await pass();
  expect(warned).toEqual([
    { connection: 'scouting', error: 'a limit of connections is reached' },
    { connection: 'scouting', error: 'the broker is unreachable' },
  ]);
  expect(scout.isFailing).toBe(true);
  lost.abort();
  await Promise.all(waiting);
  expect(scout.isFailing).toBe(false);
});
