import { DEAD_LETTER_EXCHANGE, EVENTS } from '@pdaltagent/messaging';
import { type AppProcess, connectToBroker, waitUntil } from '@pdaltagent/testing';
import { Relay } from './relay.fixture';

const DAY_MS = 86_400_000;
const LIMITS = { PDAGENTD_DEAD_LETTER_MAX_AGE_DAYS: '2', PDAGENTD_DEAD_LETTER_MAX_MB: 'off' };

let relay: Relay;
beforeAll(async () => {
  relay = await Relay.start('e2e-retention');
});
afterAll(() => relay.stop());

async function metricOf(worker: AppProcess, name: string): Promise<string | undefined> {
  const response = await fetch(`${worker.url}/metrics`);
  return new RegExp(`^${name}(?:{[^}]*})? (\\S+)$`, 'm').exec(await response.text())?.[1];
}

it('one of several workers deletes the dead letters over their limit, and says so', async () => {
  const workers = [await relay.startWorker({ env: LIMITS }), await relay.startWorker({ env: LIMITS })];
  const connection = await connectToBroker(relay.broker.url);
  const channel = await connection.createConfirmChannel();
  for (const [messageId, days] of [
    ['old', 3],
    ['new', 1],
  ] as const) {
    const headers = { dead_reason: 'rejected', dead_at: Date.now() - days * DAY_MS };
    channel.publish(DEAD_LETTER_EXCHANGE, EVENTS.deadLetters, Buffer.from('{}'), {
      messageId,
      headers,
      persistent: true,
    });
  }
  await channel.waitForConfirms();

  const lines = () =>
    workers.flatMap((worker) => worker.lines).filter(({ message }) => message.includes('over a limit'));
  await waitUntil(() => lines().length > 0, { what: 'the first sweep', timeoutMs: 240_000 });
  expect(lines()).toEqual([expect.objectContaining({ queue: EVENTS.deadLetters, tooOld: 1, tooMuch: 0, left: 1 })]);
  const left = await waitUntil(() => channel.get(EVENTS.deadLetters, { noAck: true }), { what: 'the dead letter' });
  expect(left.properties.messageId).toBe('new');
  const deleted = await Promise.all(workers.map((worker) => metricOf(worker, 'pdaltagent_dead_letters_deleted_total')));
  expect(deleted.sort()).toEqual(['0', '1']);
  const stored = await Promise.all(workers.map((worker) => metricOf(worker, 'pdaltagent_dead_letters_stored')));
  expect(stored.filter((value) => value !== undefined)).toEqual(['1']);
  await connection.close();
}, 400_000);
