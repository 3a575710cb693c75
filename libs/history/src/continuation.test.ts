import { continuationOf } from './continuation';
import { GATEWAY, NOON, WORKER } from './facts.fixture';

const position = { offset: 7, instance: WORKER.instance, sequence: 3, at: NOON };

it.each([
  ['the batch that the index ends with', 7, WORKER, 3, 'continues'],
  ['the batch after it, if that one is too old by now', 8, GATEWAY, 0, 'continues'],
  ['a later batch', 9, WORKER, 5, 'dropped'],
  ['another batch of the same process at that place', 7, WORKER, 4, 'recreated'],
  ['a batch of another process at that place', 7, GATEWAY, 3, 'recreated'],
  ['an earlier batch', 0, WORKER, 3, 'recreated'],
])('judges the stream by its first batch: %s', (_, offset, source, sequence, expected) => {
  expect(continuationOf(position, { offset, source, sequence, facts: [] })).toBe(expected);
});
