import { MINUTE, NOW } from '../cli.fixture';
import { type OpenMessage } from './accounts';
import { type Observed, place } from './placement';

const NOTHING: Observed = {
  deadLetters: new Set(),
  held: new Set(),
  spooled: new Set(),
  ready: { events: [0, 0, 0], webhooks: [] },
  now: NOW,
};

function open(id: string, changes: Partial<OpenMessage> = {}): OpenMessage {
  const time = NOW - 10 * MINUTE;
  return {
    id,
    group: 'events',
    key: '…d1a6',
    alert: 'db1',
    lane: 1,
    accepted: time,
    state: 'waiting',
    isReplayed: false,
    changedAt: time,
    ...changes,
  };
}

function unaccounted(messages: readonly OpenMessage[], observed: Partial<Observed> = {}): string[] {
  return place(messages, { ...NOTHING, ...observed }).unaccounted.map(({ message, why }) => `${message.id}: ${why}`);
}

it('names a message that is nowhere', () => {
  expect(unaccounted([open('e1')])).toEqual(['e1: no worker holds it, and lane 01 has no message']);
});

it.each<readonly [string, Partial<Observed>, Partial<OpenMessage>]>([
  ['is held by a worker', { held: new Set(['e1']) }, {}],
  ['is in the spool of this host', { spooled: new Set(['e1']) }, {}],
  ['is a dead letter, although the fact that says so is lost', { deadLetters: new Set(['e1']) }, {}],
  ['has a lane with as many messages', { ready: { events: [0, 1], webhooks: [] } }, {}],
  [
    'has a lane that is not known, if any has a message',
    { ready: { events: [0, 0, 1], webhooks: [] } },
    { lane: undefined },
  ],
  ['was accepted a moment ago', {}, { changedAt: NOW - 1_000 }],
  [
    'became a dead letter twice, and waits in its lane since it was replayed once',
    { ready: { events: [0, 1], webhooks: [] } },
    { state: 'dead-letter', isReplayed: true },
  ],
  ['became a dead letter a moment ago', {}, { state: 'dead-letter', changedAt: NOW - 1_000 }],
])('a message is accounted for if it %s', (_, observed, changes) => {
  expect(unaccounted([open('e1', changes)], observed)).toEqual([]);
});

it('names a dead letter that is no longer among them', () => {
  expect(unaccounted([open('e1', { state: 'dead-letter' })], { ready: { events: [9, 9], webhooks: [] } })).toEqual([
    'e1: it became a dead letter, and is not among them',
  ]);
});

it('names the oldest messages of a lane that has fewer than it should', () => {
  const messages = ['e1', 'e2', 'e3'].map((id) => open(id));
  expect(unaccounted(messages, { ready: { events: [5, 2], webhooks: [] } })).toEqual([
    'e1: no worker holds it, and lane 01 has 2 of 3 messages',
  ]);
});

it('does not take the messages of a known lane for those of one that is not known', () => {
  const messages = [open('e1'), open('e2', { lane: undefined })];
  expect(unaccounted(messages, { ready: { events: [0, 1], webhooks: [] } })).toEqual([
    'e2: no worker holds it, and the lanes have no message',
  ]);
});

it('asks workers only for messages of lanes that have too few', () => {
  const messages = [open('e1', { lane: 0 }), open('e2'), open('e3')];
  const { doubtful, waiting } = place(messages, { ...NOTHING, ready: { events: [1, 1], webhooks: [] } });
  expect(doubtful.map(({ id }) => id)).toEqual(['e2', 'e3']);
  expect(waiting.events).toEqual({ held: 0, spooled: 0, lanes: 2, recent: 0 });
});
