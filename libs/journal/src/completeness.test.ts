import { Completeness } from './completeness';
import { type FactContent } from './fact';
import { type FactBatch } from './fact-batch';

const WORKER = { service: 'delivery-worker', host: 'w1', instance: 'first' };
const LANE: FactContent = { kind: 'lane-taken', group: 'events', lane: 3 };

function batch(sequence: number, at: number, content: FactContent = LANE, source = WORKER): FactBatch {
  return { offset: sequence, source, sequence, facts: [{ ...content, at }] };
}

function reading(...batches: readonly FactBatch[]): Completeness {
  const completeness = new Completeness();
  for (const one of batches) completeness.add(one);
  return completeness;
}

it('knows a batch that arrives again', () => {
  const completeness = new Completeness();
  expect([0, 1, 2, 1, 0, 2, 3].map((sequence) => completeness.add(batch(sequence, sequence)))).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
    true,
  ]);
});

it('finds a missing batch, and when its facts happened', () => {
  expect(reading(batch(4, 40), batch(5, 50), batch(8, 80)).gaps()).toEqual([
    { source: WORKER, facts: undefined, from: 50, to: 80 },
  ]);
});

it('counts the facts that a process says it dropped', () => {
  expect(reading(batch(0, 90, { kind: 'gap', facts: 12, from: 10, to: 20 })).gaps()).toEqual([
    { source: WORKER, facts: 12, from: 10, to: 20 },
  ]);
});

it('names a process that was killed, and none that stopped', () => {
  const next = { ...WORKER, instance: 'second' };
  const other = { ...WORKER, host: 'w2', instance: 'other' };
  const stopped: FactContent = { kind: 'stopped', version: '1' };
  const completeness = reading(batch(0, 10), batch(0, 20, LANE, next), batch(0, 15, stopped, other));
  expect(completeness.openProcesses()).toEqual([
    { source: WORKER, lastAt: 10, isReplaced: true },
    { source: next, lastAt: 20, isReplaced: false },
  ]);
  expect(completeness.beginsAt).toBe(10);
});
