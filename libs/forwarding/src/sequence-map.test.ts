import fc from 'fast-check';
import { SequenceMap } from './sequence-map';

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('append' as const), gap: fc.integer({ min: 1, max: 3 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('set' as const), sequence: fc.integer({ min: 0, max: 500 }) }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('delete oldest' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('delete' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
);

it('contains what was set and not deleted, lowest sequence first', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600, size: 'max' }), (steps) => {
      const map = new SequenceMap<{ readonly at: number }>();
      const model = new Map<number, { readonly at: number }>();
      const sorted = () => [...model].sort(([a], [b]) => a - b);
      let last = 0;
      const set = (sequence: number, at: number) => {
        last = Math.max(last, sequence);
        map.set(sequence, { at });
        model.set(sequence, { at });
      };
      const remove = (sequence: number) => {
        map.delete(sequence);
        model.delete(sequence);
      };
      steps.forEach((action, at) => {
        const known = sorted();
        if (action.kind === 'append') set(last + action.gap, at);
        else if (action.kind === 'set') set(action.sequence, at);
        else if (action.kind === 'delete oldest') remove(known[0]?.[0] ?? -1);
        else remove(Math.round(action.share * last));
        expect(map.size).toBe(model.size);
        expect(map.first).toEqual(sorted()[0]?.[1]);
      });
      expect(map.entries()).toEqual(sorted());
      for (let sequence = -1; sequence <= last + 1; sequence += 1) {
        expect(map.get(sequence)).toEqual(model.get(sequence));
        expect(map.has(sequence)).toBe(model.has(sequence));
      }
    }),
    { numRuns: 50 },
  );
});

it('still works after thousands of entries were set and deleted', () => {
  const map = new SequenceMap<object>();
  for (let sequence = 0; sequence < 100_000; sequence += 1) {
    map.set(sequence, {});
    if (sequence >= 10) map.delete(sequence - 10);
  }
  expect(map.size).toBe(10);
  expect(map.entries().map(([sequence]) => sequence)).toEqual([...Array(10).keys()].map((index) => 99_990 + index));
  map.clear();
  expect(map.size).toBe(0);
  expect(map.first).toBeUndefined();
});
