import * as fc from 'fast-check';
import { type Fact } from '@pdaltagent/journal';
import { accepted, deadLettered, delivered, event, failed, NOON } from './facts.fixture';
import { isMessageFact, storedFact } from './message-facts';
import { progressOf, stateOf } from './message-state';

const message = event(1);
const operator = { at: NOON + 5_000, group: 'events', id: message.id, by: 'eve' } as const;
const replayed: Fact = { kind: 'replayed', ...operator };
const renamed: Fact = { kind: 'replayed', ...operator, as: 'another' };
const discarded: Fact = { kind: 'discarded', ...operator, from: 'dead letters' };
const expired: Fact = { kind: 'expired', at: NOON, group: 'events', id: message.id, limit: '7 days' };
const quarantined: Fact = { kind: 'quarantined', at: NOON, problem: 'too large', ...message };

const stored = (facts: readonly Fact[]) =>
  facts.filter(isMessageFact).map((fact, index) => storedFact(fact, { source: 1, sequence: 0, index }));

it.each<[string, Fact[], string]>([
  ['accepted', [accepted(message)], 'waiting'],
  ['attempted', [accepted(message), failed(message)], 'waiting'],
  ['delivered', [accepted(message), failed(message), delivered(message)], 'delivered'],
  ['delivered, as it was known before', [accepted(message), { kind: 'repeated', at: NOON, ...message }], 'delivered'],
  ['a dead letter', [accepted(message), deadLettered(message)], 'dead-letter'],
  ['quarantined', [accepted(message), quarantined], 'quarantined'],
  ['replayed', [deadLettered(message), replayed], 'waiting'],
  ['replayed, and a dead letter again', [deadLettered(message), replayed, deadLettered(message)], 'dead-letter'],
  ['replayed from the quarantine, and a dead letter', [quarantined, replayed, deadLettered(message)], 'dead-letter'],
  ['replayed and delivered', [deadLettered(message), replayed, delivered(message)], 'delivered'],
  ['replayed under another id', [deadLettered(message), renamed], 'replayed'],
  ['discarded', [deadLettered(message), discarded], 'discarded'],
  ['expired', [deadLettered(message), expired], 'expired'],
])('a message that was %s has its state in whatever order its facts arrive', (_, facts, state) => {
  fc.assert(
    fc.property(fc.shuffledSubarray(stored(facts), { minLength: facts.length }), (order) => {
      expect(stateOf(order)).toBe(state);
    }),
  );
});

it('shows the latest attempt', () => {
  const facts = stored([failed(message, 2), delivered(message, 3), failed(message, 1)]);
  expect(progressOf(facts)).toEqual({
    changedAt: message.accepted + 120,
    attempts: 3,
    status: 202,
    outcome: 'delivered',
  });
  expect(progressOf(stored([renamed]))).toMatchObject({ attempts: 0, replayedAs: 'another' });
});
