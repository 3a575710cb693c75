import { waitUntil } from '@pdaltagent/testing';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type IncomingMessage } from '../message';
import { AlertProgress, type AlertProgressStore, type LaterEvent } from './alert-progress';

const KEY = 'R0123456789ABCDEFGHIJKLMNOPQd1a6';

/** The store that workers share; it can be unreachable. */
class SharedStore implements AlertProgressStore {
  isUnreachable = false;
  /** Calls, answered or not. */
  calls = 0;
  readonly remembered: string[] = [];
  readonly events: LaterEvent[] = [];
  unwatched = 0;

  remember(alert: string): Promise<void> {
    return this.#do(() => void this.remembered.push(alert));
  }

  recordDelivery(_alert: string, event: LaterEvent): Promise<void> {
    return this.#do(() => void this.events.push(event));
  }

  rememberedSince(since: number): Promise<{ alerts: readonly string[]; upTo: number }> {
    return this.#do(() => ({ alerts: this.remembered.slice(since), upTo: this.remembered.length }));
  }

  recordGap(at: number): Promise<void> {
    return this.#do(() => void (this.unwatched = at));
  }

  #do<Result>(work: () => Result): Promise<Result> {
    this.calls += 1;
    return this.isUnreachable ? Promise.reject(new Error('unreachable')) : Promise.resolve(work());
  }
}

function event(id: string, action: string, alert = 'disk'): IncomingMessage {
  return {
    id,
    type: 'v2',
    routingKey: KEY,
    orderKey: `${KEY}:${alert}`,
    body: Buffer.from(JSON.stringify({ event_action: action })),
    contentType: 'application/json',
    receivedAt: 1_000,
    maybeDuplicate: false,
    forward: {},
  };
}

const nothing = () => undefined;
const silent = {
  onAttempted: nothing,
  onInterrupted: nothing,
  onDelivered: nothing,
  onDuplicateDropped: nothing,
  onDeadLettered: nothing,
};

const digest = (name: string) => `digest of ${name.length} characters`;

/** Of a worker that has read the current state. */
async function learned(memory: SharedStore) {
  const alertProgress = new AlertProgress(memory, digest);
  alertProgress.start();
  await alertProgress.prepare();
  return { alertProgress, observer: alertProgress.observe(silent) };
}

it('records deliveries for an alert with a dead letter, including one written by another worker', async () => {
  const memory = new SharedStore();
  const { alertProgress, observer } = await learned(memory);
  const peer = await learned(memory);
  observer.onDeadLettered('rejected', event('e1', 'trigger'));
  observer.onDelivered(event('e2', 'Resolve'));
  await alertProgress.stop();
  await peer.alertProgress.prepare();
  peer.observer.onDuplicateDropped({ ...event('e3', 'trigger'), originalReceivedAt: 500 });
  await peer.alertProgress.stop();
  expect(memory.remembered).toEqual([digest(event('e1', '').orderKey)]);
  expect(memory.events).toMatchObject([
    { action: 'resolve', acceptedAt: 1_000 },
    { action: 'trigger', acceptedAt: 500 },
  ]);
});

it('reads no event while no alert is watched, and none of another alert', async () => {
  const memory = new SharedStore();
  const { alertProgress, observer } = await learned(memory);
  const unreadable = { ...event('e1', '', 'other') };
  Object.defineProperty(unreadable, 'body', {
    get: () => {
      throw new Error('its body was read');
    },
  });
  observer.onDelivered(unreadable);
  observer.onDeadLettered('rejected', event('e2', 'trigger'));
  observer.onDelivered(unreadable);
  await alertProgress.stop();
  expect(memory.events).toEqual([]);
});

it('remembers nothing for messages without a known alert', async () => {
  const memory = new SharedStore();
  const { alertProgress, observer } = await learned(memory);
  observer.onDeadLettered('rejected', { ...event('e1', ''), type: 'change', orderKey: 'e1' });
  observer.onDeadLettered('rejected', { ...event('e2', ''), type: 'integration', orderKey: KEY });
  observer.onDeadLettered('foreign');
  await alertProgress.stop();
  expect(memory.remembered).toEqual([]);
});

it('keeps pending writes, in order, while Redis is unreachable', async () => {
  const memory = new SharedStore();
  const { alertProgress, observer } = await learned(memory);
  memory.isUnreachable = true;
  observer.onDeadLettered('rejected', event('e1', 'trigger'));
  observer.onDelivered(event('e2', 'resolve'));
  await new Promise((resolve) => setImmediate(resolve));
  observer.onDelivered(event('e3', 'trigger'));
  expect(memory.remembered).toEqual([]);
  memory.isUnreachable = false;
  await alertProgress.stop();
  expect(memory.remembered).toHaveLength(1);
  expect(memory.events.map(({ action }) => action)).toEqual(['resolve', 'trigger']);
  expect(memory.unwatched).toBe(0);
});

it('does not retry with every new write after one failed', async () => {
  const memory = new SharedStore();
  // Never started: it polls only when it is stopped.
  const alertProgress = new AlertProgress(memory, digest);
  const observer = alertProgress.observe(silent);
  memory.isUnreachable = true;
  for (const id of ['e1', 'e2', 'e3', 'e4']) {
    observer.onDeadLettered('rejected', event(id, 'trigger', id));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(memory.calls).toBe(1);
  memory.isUnreachable = false;
  await alertProgress.stop();
  expect(memory.remembered).toHaveLength(4);
  observer.onDelivered(event('e5', 'resolve', 'e1'));
  await new Promise((resolve) => setImmediate(resolve));
  expect(memory.events).toHaveLength(1);
});

it('keeps no message in memory while its write is pending', async () => {
  const memory = new SharedStore();
  const { alertProgress, observer } = await learned(memory);
  memory.isUnreachable = true;
  const deadLetter = (id: string) => {
    const message = event(id, 'trigger');
    observer.onDeadLettered('rejected', message);
    return new WeakRef(message);
  };
  const deadLettered = [deadLetter('e1'), deadLetter('e2')];
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  await waitUntil(
    () => {
      collectGarbage();
      return deadLettered.every((message) => message.deref() === undefined);
    },
    { what: 'the messages to be garbage-collected' },
  );
  memory.isUnreachable = false;
  await alertProgress.stop();
  expect(memory.remembered).toHaveLength(2);
});

it('records the time in which it owned a lane without knowing which alerts to watch', async () => {
  const memory = new SharedStore();
  const { alertProgress } = await learned(memory);
  memory.isUnreachable = true;
  await alertProgress.prepare();
  memory.isUnreachable = false;
  await alertProgress.stop();
  expect(memory.unwatched).toBeGreaterThan(0);
});
