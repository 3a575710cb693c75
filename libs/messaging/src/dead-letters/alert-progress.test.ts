import { waitUntil } from '@pdaltagent/testing';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type IncomingMessage } from '../message';
import { alertNameOf, AlertProgress, type AlertProgressStore, type LaterEvent } from './alert-progress';

const KEY = 'R0123456789ABCDEFGHIJKLMNOPQd1a6';

/** What workers remember together; it can be away. */
class Memory implements AlertProgressStore {
  isAway = false;
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

  unwatchedUntil(at: number): Promise<void> {
    return this.#do(() => void (this.unwatched = at));
  }

  #do<Result>(work: () => Result): Promise<Result> {
    this.calls += 1;
    return this.isAway ? Promise.reject(new Error('away')) : Promise.resolve(work());
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
  attempted: nothing,
  interrupted: nothing,
  delivered: nothing,
  repeated: nothing,
  buried: nothing,
};

/** A worker's, which has learned what there was to learn. */
async function learned(memory: Memory) {
  const alertProgress = new AlertProgress(memory);
  alertProgress.start();
  await alertProgress.learn();
  return { alertProgress, observer: alertProgress.observing(silent) };
}

it('notes what is delivered, or was, of an alert with a dead letter, also of one that a peer buried', async () => {
  const memory = new Memory();
  const { alertProgress: alertProgress, observer } = await learned(memory);
  const peer = await learned(memory);
  observer.buried('rejected', event('e1', 'trigger'));
  observer.delivered(event('e2', 'Resolve'));
  await alertProgress.stop();
  await peer.alertProgress.learn();
  peer.observer.repeated({ ...event('e3', 'trigger'), originalReceivedAt: 500 });
  await peer.alertProgress.stop();
  expect(memory.remembered).toEqual([alertNameOf(event('e1', ''))]);
  expect(memory.events).toMatchObject([
    { action: 'resolve', acceptedAt: 1_000 },
    { action: 'trigger', acceptedAt: 500 },
  ]);
});

it('looks into no event while no alert is watched, and into none of another alert', async () => {
  const memory = new Memory();
  const { alertProgress: alertProgress, observer } = await learned(memory);
  const unread = { ...event('e1', '', 'other') };
  Object.defineProperty(unread, 'body', {
    get: () => {
      throw new Error('its body was read');
    },
  });
  observer.delivered(unread);
  observer.buried('rejected', event('e2', 'trigger'));
  observer.delivered(unread);
  await alertProgress.stop();
  expect(memory.events).toEqual([]);
});

it('remembers nothing of what belongs to no alert, or to one that cannot be told', async () => {
  const memory = new Memory();
  const { alertProgress: alertProgress, observer } = await learned(memory);
  observer.buried('rejected', { ...event('e1', ''), type: 'change', orderKey: 'e1' });
  observer.buried('rejected', { ...event('e2', ''), type: 'integration', orderKey: KEY });
  observer.buried('foreign');
  await alertProgress.stop();
  expect(memory.remembered).toEqual([]);
});

it('keeps its notes, in order, while they cannot be written', async () => {
  const memory = new Memory();
  const { alertProgress: alertProgress, observer } = await learned(memory);
  memory.isAway = true;
  observer.buried('rejected', event('e1', 'trigger'));
  observer.delivered(event('e2', 'resolve'));
  await new Promise((resolve) => setImmediate(resolve));
  observer.delivered(event('e3', 'trigger'));
  expect(memory.remembered).toEqual([]);
  memory.isAway = false;
  await alertProgress.stop();
  expect(memory.remembered).toHaveLength(1);
  expect(memory.events.map(({ action }) => action)).toEqual(['resolve', 'trigger']);
  expect(memory.unwatched).toBe(0);
});

it('asks no more, with every note, what did not answer the note before', async () => {
  const memory = new Memory();
  // Never started: it looks again on its own only when it is stopped.
  const alertProgress = new AlertProgress(memory);
  const observer = alertProgress.observing(silent);
  memory.isAway = true;
  for (const id of ['e1', 'e2', 'e3', 'e4']) {
    observer.buried('rejected', event(id, 'trigger', id));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(memory.calls).toBe(1);
  memory.isAway = false;
  await alertProgress.stop();
  expect(memory.remembered).toHaveLength(4);
  observer.delivered(event('e5', 'resolve', 'e1'));
  await new Promise((resolve) => setImmediate(resolve));
  expect(memory.events).toHaveLength(1);
});

it('holds no message while its note cannot be written', async () => {
  const memory = new Memory();
  const { alertProgress: alertProgress, observer } = await learned(memory);
  memory.isAway = true;
  const bury = (id: string) => {
    const message = event(id, 'trigger');
    observer.buried('rejected', message);
    return new WeakRef(message);
  };
  const buried = [bury('e1'), bury('e2')];
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  await waitUntil(
    () => {
      collectGarbage();
      return buried.every((message) => message.deref() === undefined);
    },
    { what: 'the messages to be let go', timeoutMs: 10_000 },
  );
  memory.isAway = false;
  await alertProgress.stop();
  expect(memory.remembered).toHaveLength(2);
});

it('owns up to the time in which it worked a lane and could not learn what to watch', async () => {
  const memory = new Memory();
  const { alertProgress: alertProgress } = await learned(memory);
  memory.isAway = true;
  await alertProgress.learn();
  memory.isAway = false;
  await alertProgress.stop();
  expect(memory.unwatched).toBeGreaterThan(0);
});
