import { inCausalOrder, type PlacedFact } from './causal-order';
import { type FactContent } from './fact';

const MESSAGE = { group: 'events', id: 'e1', type: 'v2', key: '…d1a6', accepted: 0 } as const;
const ACCEPTED: FactContent = { kind: 'accepted', ...MESSAGE, bytes: 90 };
const FAILED: FactContent = { kind: 'attempted', ...MESSAGE, attempt: 1, outcome: 'failed', ms: 9 };
const DELIVERED: FactContent = { kind: 'delivered', ...MESSAGE, attempt: 2, status: 202, ms: 9 };
const DEAD: FactContent = { kind: 'dead-lettered', ...MESSAGE, reason: 'rejected' };
const REPLAYED: FactContent = { kind: 'replayed', group: 'events', id: 'e1', by: 'ann' };
const DISCARDED: FactContent = { kind: 'discarded', group: 'events', id: 'e1', by: 'ann', from: 'dead letters' };

/** The facts of a process, with the times of its clock. */
function process(instance: string, ...facts: readonly (readonly [at: number, content: FactContent])[]): PlacedFact[] {
  return facts.map(([at, content], sequence) => ({
    fact: { ...content, at },
    source: { service: 'test', host: 'test', instance },
    sequence,
    index: 0,
  }));
}

const orderOf = (...facts: readonly PlacedFact[]): string[] =>
  inCausalOrder(facts).map(({ fact, source }) => `${source.instance} ${fact.kind}`);

it('begins with the acceptance, although the gateway’s clock is ahead', () => {
  expect(orderOf(...process('worker', [1, FAILED], [2, DELIVERED]), ...process('gateway', [99, ACCEPTED]))).toEqual([
    'gateway accepted',
    'worker attempted',
    'worker delivered',
  ]);
});

it('keeps the order of a process although its clock was set back', () => {
  expect(orderOf(...process('worker', [9, FAILED], [3, FAILED], [1, DELIVERED]))).toEqual([
    'worker attempted',
    'worker attempted',
    'worker delivered',
  ]);
});

it('tells the attempts of a worker before the delivery by the next one, whose clock is behind', () => {
  expect(
    orderOf(...process('next', [5, DELIVERED]), ...process('first', [8, FAILED]), ...process('gateway', [1, ACCEPTED])),
  ).toEqual(['gateway accepted', 'first attempted', 'next delivered']);
});

it('tells the replay after the dead letter and before what it led to, whatever the operator’s clock says', () => {
  const worker = process('worker', [10, FAILED], [11, DEAD], [30, FAILED], [31, DELIVERED]);
  for (const at of [0, 20, 99])
    expect(orderOf(...process('operator', [at, REPLAYED]), ...worker)).toEqual([
      'worker attempted',
      'worker dead-lettered',
      'operator replayed',
      'worker attempted',
      'worker delivered',
    ]);
});

it('tells a replay between the dead letter of one worker and the attempts of another', () => {
  expect(
    orderOf(
      ...process('second', [30, FAILED], [31, DEAD]),
      ...process('operator', [0, REPLAYED], [1, DISCARDED]),
      ...process('first', [10, FAILED], [11, DEAD]),
    ),
  ).toEqual([
    'first attempted',
    'first dead-lettered',
    'operator replayed',
    'second attempted',
    'second dead-lettered',
    'operator discarded',
  ]);
});

it('loses no fact if the one that must come before it is missing', () => {
  expect(orderOf(...process('operator', [1, DISCARDED]), ...process('worker', [2, FAILED]))).toHaveLength(2);
});
