import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { waitUntil } from '@pdaltagent/testing';
import { createServer } from 'node:net';
import { Publisher } from './publisher';
import { EVENTS } from './topology';

const EXPIRING_EVERY_MS = 250;

it('a publisher waits for its broker by the injected clock', async () => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const waits: number[] = [];
  const clock: Clock = {
    ...SYSTEM_CLOCK,
    after: (ms, callback) => {
      waits.push(ms);
      return SYSTEM_CLOCK.after(ms, callback);
    },
  };
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const url = `amqp://127.0.0.1:${port}`;
  const publisher = new Publisher({ url, name: 'test', laneGroup: EVENTS, queueType: 'quorum', log, clock });
  publisher.start();
  try {
    await waitUntil(() => waits.some((ms) => ms !== EXPIRING_EVERY_MS), { what: 'a wait' });
  } finally {
    await publisher.close();
    server.close();
  }
});
