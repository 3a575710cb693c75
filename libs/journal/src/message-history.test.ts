import { type FactContent } from './fact';
import { isMessageFact, type MessageFact, MessageHistory, type MessageState } from './message-history';

const MESSAGE = {
  group: 'events',
  id: 'e1',
  type: 'v2',
  action: 'trigger',
  key: '…d1a6',
  alert: 'db1/disk',
  accepted: 1_000,
} as const;
const OPERATOR = { group: 'events', id: 'e1', by: 'ann' } as const;
const ACCEPTED: FactContent = { kind: 'accepted', ...MESSAGE, bytes: 90, source: 'db1', summary: 'Disk is full' };
const FAILED: FactContent = { kind: 'attempted', ...MESSAGE, attempt: 1, outcome: 'failed', reason: 'reset', ms: 9 };
const DELIVERED: FactContent = { kind: 'delivered', ...MESSAGE, attempt: 2, status: 202, ms: 9 };
const DEAD: FactContent = { kind: 'dead-lettered', ...MESSAGE, reason: 'rejected', status: 400 };
const QUARANTINED: FactContent = { kind: 'quarantined', ...MESSAGE, problem: 'refused' };
const REPLAYED: FactContent = { kind: 'replayed', ...OPERATOR };
const DISCARDED: FactContent = { kind: 'discarded', ...OPERATOR, from: 'dead letters' };
const EXPIRED: FactContent = { kind: 'expired', group: 'events', id: 'e1', limit: 'age' };

/** At rising times. */
function factsOf(contents: readonly FactContent[]): MessageFact[] {
  return contents.map((content, index) => ({ ...content, at: 1_000 + index })).filter(isMessageFact);
}

function historyOf(facts: readonly MessageFact[]): MessageHistory {
  const history = new MessageHistory({ group: 'events', id: 'e1' });
  for (const fact of facts) history.add(fact);
  return history;
}

function* ordersOf<T>(values: readonly T[]): Generator<T[]> {
  if (values.length <= 1) yield [...values];
  for (const [index, value] of values.entries())
    for (const rest of ordersOf(values.filter((_, other) => other !== index))) yield [value, ...rest];
}

it.each<readonly [MessageState, string, readonly FactContent[]]>([
  ['waiting', 'it was accepted', [ACCEPTED]],
  ['waiting', 'an attempt failed', [ACCEPTED, FAILED]],
  ['delivered', 'an attempt delivered it', [ACCEPTED, FAILED, DELIVERED]],
  ['delivered', 'its acceptance was lost in a crash', [DELIVERED]],
  ['delivered', 'it was delivered twice', [ACCEPTED, DELIVERED, DELIVERED]],
  ['delivered', 'it was not sent again', [ACCEPTED, { kind: 'repeated', ...MESSAGE }]],
  ['dead-letter', 'it was rejected', [ACCEPTED, DEAD]],
  ['quarantined', 'the broker refused it', [ACCEPTED, QUARANTINED]],
  ['waiting', 'it was replayed', [ACCEPTED, DEAD, REPLAYED]],
  ['waiting', 'it was replayed from the quarantine', [ACCEPTED, QUARANTINED, REPLAYED]],
  ['dead-letter', 'it was rejected again', [ACCEPTED, DEAD, REPLAYED, DEAD]],
  ['dead-letter', 'it was rejected after its replay from the quarantine', [QUARANTINED, REPLAYED, DEAD]],
  ['delivered', 'it was delivered after its replay', [ACCEPTED, DEAD, REPLAYED, DELIVERED]],
  ['replayed', 'it was sent again under another id', [ACCEPTED, DEAD, { ...REPLAYED, as: 'e2' }]],
  ['discarded', 'an operator discarded it', [ACCEPTED, DEAD, DISCARDED]],
  ['expired', 'a limit removed it', [ACCEPTED, DEAD, EXPIRED]],
])('a message is %s if %s, in whichever order its facts arrive', (state, _, contents) => {
  for (const facts of ordersOf(factsOf(contents))) expect(historyOf(facts).state).toBe(state);
});

it('tells what the facts of a message say together', () => {
  expect(historyOf(factsOf([FAILED, DELIVERED, ACCEPTED]))).toMatchObject({
    alert: 'db1/disk',
    summary: 'Disk is full',
    attempts: 2,
    problem: 'reset',
    accepted: 1_000,
    deliveredAt: 1_001,
    changedAt: 1_002,
  });
});

it('knows the number of attempts although the facts of earlier ones are lost', () => {
  expect(historyOf(factsOf([{ ...DELIVERED, attempt: 7 }])).attempts).toBe(7);
});

it('keeps the time of the first acceptance of a message that was replayed', () => {
  const again: FactContent = { ...DELIVERED, accepted: 9_000 };
  expect(historyOf(factsOf([ACCEPTED, DEAD, REPLAYED, again])).accepted).toBe(1_000);
});

it('says nothing of a person once the message is erased, also if more facts arrive', () => {
  const history = historyOf(factsOf([ACCEPTED]));
  history.erase();
  for (const fact of factsOf([ACCEPTED, DELIVERED])) history.add(fact);
  expect(history).toMatchObject({ id: 'e1', state: 'delivered', key: '…d1a6', isErased: true });
  expect([history.alert, history.source, history.summary]).toEqual([undefined, undefined, undefined]);
});
