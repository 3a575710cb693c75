import { Erasures, erasureDigestOf } from '@pdaltagent/journal';
import { MINUTE, NOW } from '../cli.fixture';
import {
  accepted,
  deadLettered,
  delivered,
  FakeStream,
  GATEWAY,
  messageOf,
  replayed,
  WORKER,
} from '../journal/journal.fixture';
import { NewestMessages } from './newest-messages';
import { type Selection } from './selection';

const ALL: Selection = { words: [] };

function resultOf(stream: FakeStream, selection: Selection, limit = 100, erasures = new Erasures()) {
  const newest = new NewestMessages(selection, limit);
  for (const placed of stream.placed()) newest.add(placed);
  return { ...newest.result(erasures), held: newest.held };
}

function idsOf(stream: FakeStream, selection: Selection, limit?: number): string[] {
  return resultOf(stream, selection, limit).messages.map(({ id }) => id);
}

const message = (number: number) => messageOf({ id: `e${number}`, accepted: NOW - MINUTE + number });

it('shows the newest messages, the newest last, and counts the others', () => {
  const stream = new FakeStream();
  for (const number of [2, 0, 1, 3]) stream.add(GATEWAY, accepted(message(number)));
  const { messages, found } = resultOf(stream, ALL, 2);
  expect([messages.map(({ id }) => id), found]).toEqual([['e2', 'e3'], 4]);
});

it('holds little more than what is asked for, and counts what it no longer holds once', () => {
  const stream = new FakeStream();
  for (let number = 0; number < 6_000; number += 1) stream.add(GATEWAY, accepted(message(number)));
  for (let number = 0; number < 6_000; number += 1) stream.add(WORKER, delivered(message(number)));
  const { messages, found, held } = resultOf(stream, ALL, 3);
  expect(messages.map(({ id, state }) => `${id} ${state}`)).toEqual([
    'e5997 delivered',
    'e5998 delivered',
    'e5999 delivered',
  ]);
  expect(found).toBe(6_000);
  expect(held).toBeLessThan(3_000);
});

it('finds the only undelivered message among many, whenever it was accepted', () => {
  const stream = new FakeStream();
  for (let number = 0; number < 4_000; number += 1) {
    stream.add(GATEWAY, accepted(message(number)));
    if (number !== 7) stream.add(WORKER, delivered(message(number)));
  }
  const { messages, held } = resultOf(stream, { words: [], states: new Set(['waiting', 'dead-letter']) }, 3);
  expect([messages.map(({ id }) => id), held]).toEqual([['e7'], 1]);
});

it('shows a message by its state at the end', () => {
  const [dead, sent] = [message(1), message(2)];
  const stream = new FakeStream()
    .add(GATEWAY, accepted(dead), accepted(sent))
    .add(WORKER, deadLettered(dead), deadLettered(sent))
    .add(GATEWAY, replayed(sent))
    .add(WORKER, delivered(sent, 2));
  expect(idsOf(stream, { words: [], states: new Set(['dead-letter']) })).toEqual(['e1']);
  expect(idsOf(stream, { words: [], states: new Set(['delivered']) })).toEqual(['e2']);
});

it.each<readonly [string, Selection]>([
  ['words in any case and order', { words: ['FULL', 'disk'] }],
  ['a word of the dedup key', { words: ['db1/'] }],
  ['a dedup key', { words: [], alert: 'db1/disk' }],
  ['an id', { words: [], id: 'e1' }],
  ['a source', { words: [], source: 'db1' }],
  ['the end of a routing key', { words: [], key: 'd1a6' }],
  ['a complete routing key', { words: [], key: 'R0123456789ABCDEFGHIJKLMNOPQd1a6' }],
])('selects by %s', (_, selection) => {
  const other = messageOf({ id: 'e2', alert: 'web9/cpu', key: '…77ff' });
  const stream = new FakeStream().add(GATEWAY, accepted(messageOf()), {
    ...accepted(other, { summary: 'Load is high' }),
    source: 'web9',
  });
  stream.add(WORKER, delivered(other), delivered(messageOf()));
  expect(idsOf(stream, selection)).toEqual(['e1']);
});

it('selects by text although the fact with the text arrives last', () => {
  const stream = new FakeStream().add(WORKER, delivered(messageOf())).add(GATEWAY, accepted(messageOf()));
  expect(idsOf(stream, { words: ['full'] })).toEqual(['e1']);
  expect(idsOf(stream, { words: ['empty'] })).toEqual([]);
});

it('shows an erased message without its texts, and does not find it by them', () => {
  const erasures = new Erasures();
  erasures.add({ digests: [erasureDigestOf('e1')] });
  const stream = new FakeStream().add(GATEWAY, accepted(messageOf()));
  expect(resultOf(stream, ALL, 1, erasures).messages).toMatchObject([{ id: 'e1', alert: undefined, isErased: true }]);
  for (const selection of [{ words: ['full'] }, { words: [], alert: 'db1/disk' }, { words: [], source: 'db1' }])
    expect(resultOf(stream, selection, 1, erasures).found).toBe(0);
});
