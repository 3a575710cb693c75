import { type FactContent, type PlacedFact } from '@pdaltagent/journal';
import { MINUTE, NOW } from '../cli.fixture';
import {
  accepted,
  deadLettered,
  delivered,
  discarded,
  failed,
  FakeStream,
  GATEWAY,
  messageOf,
  OPERATOR,
  replayed,
  WORKER,
} from '../journal/journal.fixture';
import { Accounts } from './accounts';

const MESSAGE = messageOf();
const AT = NOW - 5 * MINUTE;

function accountsOf(facts: readonly PlacedFact[], ...window: readonly number[]): Accounts {
  const accounts = new Accounts(...window);
  for (const fact of facts) accounts.add(fact);
  return accounts;
}

/** Facts of the gateway, the worker and the operator, by their kind. */
function placed(...contents: readonly FactContent[]): PlacedFact[] {
  const stream = new FakeStream();
  for (const content of contents)
    stream.add(
      content.kind === 'accepted'
        ? GATEWAY
        : content.kind === 'replayed' || content.kind === 'discarded'
          ? OPERATOR
          : WORKER,
      content,
    );
  return stream.placed();
}

function* ordersOf<T>(values: readonly T[]): Generator<T[]> {
  if (values.length <= 1) yield [...values];
  for (const [index, value] of values.entries())
    for (const rest of ordersOf(values.filter((_, other) => other !== index))) yield [value, ...rest];
}

it.each<readonly [string, Partial<ReturnType<Accounts['countsOf']>>, readonly FactContent[]]>([
  ['an accepted message', { waiting: 1 }, [accepted(MESSAGE)]],
  ['a delivered one', { delivered: 1 }, [accepted(MESSAGE), failed(MESSAGE), delivered(MESSAGE, 2)]],
  ['one whose acceptance was lost in a crash', { delivered: 1 }, [failed(MESSAGE), delivered(MESSAGE)]],
  ['one that was delivered twice', { delivered: 1 }, [accepted(MESSAGE), delivered(MESSAGE), delivered(MESSAGE)]],
  ['a dead letter', { 'dead-letter': 1 }, [accepted(MESSAGE), failed(MESSAGE), deadLettered(MESSAGE)]],
  ['a replayed one', { waiting: 1 }, [accepted(MESSAGE), deadLettered(MESSAGE), replayed(MESSAGE)]],
  [
    'one that was delivered after its replay',
    { delivered: 1 },
    [accepted(MESSAGE), deadLettered(MESSAGE), replayed(MESSAGE), delivered(MESSAGE)],
  ],
  ['a discarded one', { discarded: 1 }, [accepted(MESSAGE), deadLettered(MESSAGE), discarded(MESSAGE)]],
])('%s is counted once, in whichever order its facts arrive', (_, expected, contents) => {
  const nothing = { waiting: 0, delivered: 0, 'dead-letter': 0, quarantined: 0, discarded: 0, expired: 0, replayed: 0 };
  for (const facts of ordersOf(placed(...contents)))
    expect(accountsOf(facts).countsOf('events')).toEqual({ ...nothing, ...expected });
});

it('names what waits and what is a dead letter, the oldest first', () => {
  const [old, dead, young] = [
    messageOf({ id: 'old', accepted: AT }),
    messageOf({ id: 'dead', accepted: AT + 1 }),
    messageOf({ id: 'young', accepted: AT + 2 }),
  ];
  const accounts = accountsOf(placed(accepted(young), accepted(dead), deadLettered(dead), accepted(old, { lane: 7 })));
  expect([...accounts.open()]).toMatchObject([
    { id: 'old', key: '…d1a6', alert: 'db1/disk', lane: 7, state: 'waiting', accepted: AT },
    { id: 'dead', state: 'dead-letter' },
    { id: 'young', lane: undefined },
  ]);
});

it('counts only what was accepted in the given time, whenever it was delivered', () => {
  const [early, inside, late] = [AT - 1, AT, AT + 2].map((at) => messageOf({ id: `at ${at}`, accepted: at }));
  const facts = [early, inside, late].flatMap((message) =>
    message === undefined ? [] : placed(accepted(message), delivered(message)),
  );
  expect(accountsOf(facts, AT, AT + 1).countsOf('events').delivered).toBe(1);
});

it('does not count what an operator did with a message from before the journal', () => {
  expect(Object.values(accountsOf(placed(discarded(MESSAGE))).countsOf('events'))).toEqual([0, 0, 0, 0, 0, 0, 0]);
});
