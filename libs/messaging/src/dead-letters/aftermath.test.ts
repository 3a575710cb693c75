import { type IncomingMessage } from '../message';
import { Aftermath, alertNameOf, type DeadAlerts, type LaterEvent } from './aftermath';

const KEY = 'R0123456789ABCDEFGHIJKLMNOPQd1a6';

/** What workers remember together; it can be away. */
class Memory implements DeadAlerts {
  isAway = false;
  readonly remembered: string[] = [];
  readonly events: LaterEvent[] = [];
  unwatched = 0;

  remember(alert: string): Promise<void> {
    return this.#do(() => void this.remembered.push(alert));
  }

  wentOn(_alert: string, event: LaterEvent): Promise<void> {
    return this.#do(() => void this.events.push(event));
  }

  learn(since: number): Promise<{ alerts: readonly string[]; upTo: number }> {
    return this.#do(() => ({ alerts: this.remembered.slice(since), upTo: this.remembered.length }));
  }

  unwatchedUntil(at: number): Promise<void> {
    return this.#do(() => void (this.unwatched = at));
  }

  #do<Result>(work: () => Result): Promise<Result> {
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
    again: false,
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
  const aftermath = new Aftermath(memory);
  aftermath.start();
  await aftermath.learn();
  return { aftermath, observer: aftermath.observing(silent) };
}

it('notes what is delivered, or was, of an alert with a dead letter, also of one that a peer buried', async () => {
  const memory = new Memory();
  const { aftermath, observer } = await learned(memory);
  const peer = await learned(memory);
  observer.buried('rejected', event('e1', 'trigger'));
  observer.delivered(event('e2', 'Resolve'));
  await aftermath.stop();
  await peer.aftermath.learn();
  peer.observer.repeated({ ...event('e3', 'trigger'), originalReceivedAt: 500 });
  await peer.aftermath.stop();
  expect(memory.remembered).toEqual([alertNameOf(event('e1', ''))]);
  expect(memory.events).toMatchObject([
    { action: 'resolve', acceptedAt: 1_000 },
    { action: 'trigger', acceptedAt: 500 },
  ]);
});

it('looks into no event while no alert is watched, and into none of another alert', async () => {
  const memory = new Memory();
  const { aftermath, observer } = await learned(memory);
  const unread = { ...event('e1', '', 'other') };
  Object.defineProperty(unread, 'body', {
    get: () => {
      throw new Error('its body was read');
    },
  });
  observer.delivered(unread);
  observer.buried('rejected', event('e2', 'trigger'));
  observer.delivered(unread);
  await aftermath.stop();
  expect(memory.events).toEqual([]);
});

it('remembers nothing of what belongs to no alert, or to one that cannot be told', async () => {
  const memory = new Memory();
  const { aftermath, observer } = await learned(memory);
  observer.buried('rejected', { ...event('e1', ''), type: 'change', orderKey: 'e1' });
  observer.buried('rejected', { ...event('e2', ''), type: 'integration', orderKey: KEY });
  observer.buried('foreign');
  await aftermath.stop();
  expect(memory.remembered).toEqual([]);
});

it('keeps its notes, in order, while they cannot be written', async () => {
  const memory = new Memory();
  const { aftermath, observer } = await learned(memory);
  memory.isAway = true;
  observer.buried('rejected', event('e1', 'trigger'));
  observer.delivered(event('e2', 'resolve'));
  await new Promise((resolve) => setImmediate(resolve));
  observer.delivered(event('e3', 'trigger'));
  expect(memory.remembered).toEqual([]);
  memory.isAway = false;
  await aftermath.stop();
  expect(memory.remembered).toHaveLength(1);
  expect(memory.events.map(({ action }) => action)).toEqual(['resolve', 'trigger']);
  expect(memory.unwatched).toBe(0);
});

it('owns up to the time in which it worked a lane and could not learn what to watch', async () => {
  const memory = new Memory();
  const { aftermath } = await learned(memory);
  memory.isAway = true;
  await aftermath.learn();
  memory.isAway = false;
  await aftermath.stop();
  expect(memory.unwatched).toBeGreaterThan(0);
});
