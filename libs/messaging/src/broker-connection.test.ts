import { ManualClock, recordingLogger } from '@pdaltagent/testing';
import { BrokerConnection } from './broker-connection';

/** The longest waits that may be. */
const LATE = { fraction: () => 1, bytes: (count: number) => new Uint8Array(count) };

function errorWithCode(code: string): Error {
  return Object.assign(new Error(`connect ${code} 127.0.0.1:5672`), { code });
}

/** When a connection was tried within a minute in which each attempt fails with this error; milliseconds. */
async function attemptsOfAMinute(error: Error): Promise<readonly number[]> {
  const clock = new ManualClock();
  const began = clock.monotonic();
  const at: number[] = [];
  const connection = new BrokerConnection({
    url: 'amqp://127.0.0.1',
    name: 'a service',
    channels: 1,
    log: recordingLogger([]),
    open: () => Promise.resolve(),
    onLost: () => undefined,
    connect: () => {
      at.push(clock.monotonic() - began);
      return Promise.reject(error);
    },
    clock,
    random: LATE,
  });
  connection.start();
  for (let step = 0; step < 600; step += 1) {
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    clock.advance(100);
  }
  await connection.close();
  return at;
}

const pausesBetween = (at: readonly number[]) => at.slice(1).map((time, index) => time - (at[index] ?? 0));

it('asks for a broker that was not started yet at least twice a second, however long it is not', async () => {
  const refusedEverywhere = new AggregateError([errorWithCode('ECONNREFUSED'), errorWithCode('ECONNREFUSED')]);
  for (const error of [errorWithCode('ECONNREFUSED'), refusedEverywhere]) {
    const pauses = pausesBetween(await attemptsOfAMinute(error));
    expect(pauses.length).toBeGreaterThan(100);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(500);
  }
});

it('asks a broker that is there and fails less and less often, up to every five seconds', async () => {
  const mixed = new AggregateError([errorWithCode('ECONNREFUSED'), errorWithCode('EHOSTUNREACH')]);
  for (const error of [errorWithCode('ECONNRESET'), mixed, new Error('Handshake terminated by server: 403')]) {
    const pauses = pausesBetween(await attemptsOfAMinute(error));
    expect(pauses[0]).toBeLessThan(500);
    expect(pauses.at(-1)).toBe(5_000);
  }
});
