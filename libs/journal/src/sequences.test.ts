import { type Fact } from './fact';
import { Sequences } from './sequences';

const A = { service: 'delivery-worker', host: 'one', instance: 'a' };
const B = { service: 'ingest-gateway', host: 'two', instance: 'b' };

const factsAt = (at: number): readonly Fact[] => [{ kind: 'circuit', group: 'events', state: 'open', at }];

function sequencesOf(read: readonly (readonly [typeof A, number])[]): Sequences {
  const sequences = new Sequences();
  for (const [source, sequence] of read) sequences.add({ source, sequence, facts: factsAt(sequence * 10) });
  return sequences;
}

describe('the sequences of processes', () => {
  it('have no holes if everything was read, in whatever order', () => {
    const read = [0, 1, 3, 2, 6, 4, 5].map((sequence) => [A, sequence] as const);
    expect(sequencesOf(read).holes()).toEqual([]);
  });

  it('show what is missing of each process, between which times', () => {
    const read = [0, 1, 4, 5, 9].map((sequence) => [A, sequence] as const);
    expect(sequencesOf([...read, [B, 0], [B, 1]]).holes()).toEqual([
      { source: A, first: 2, last: 3, after: 10, before: 40 },
      { source: A, first: 6, last: 8, after: 50, before: 90 },
    ]);
  });

  it('do not miss what the stream has dropped because of its age', () => {
    expect(
      sequencesOf([
        [A, 1_000],
        [A, 1_001],
      ]).holes(),
    ).toEqual([]);
  });

  it('know what was read before', () => {
    const sequences = new Sequences();
    const add = (source: typeof A, sequence: number) => sequences.add({ source, sequence, facts: factsAt(0) });
    expect([add(A, 0), add(A, 2), add(B, 2), add(A, 1)]).toEqual([true, true, true, true]);
    expect([add(A, 0), add(A, 1), add(A, 2), add(B, 2)]).toEqual([false, false, false, false]);
    expect([add(A, 3), add(B, 1)]).toEqual([true, true]);
  });

  it('tell a process that stopped from one that was killed, or still runs', () => {
    const sequences = new Sequences();
    sequences.add({ source: A, sequence: 0, facts: [{ kind: 'started', version: '1', at: 5 }] });
    sequences.add({ source: A, sequence: 1, facts: [{ kind: 'stopped', version: '1', at: 9 }] });
    sequences.add({ source: B, sequence: 0, facts: [{ kind: 'started', version: '1', at: 6 }] });
    sequences.add({ source: B, sequence: 1, facts: factsAt(8) });
    expect(sequences.processes()).toEqual([
      { source: A, startedAt: 5, stoppedAt: 9, lastAt: 9 },
      { source: B, startedAt: 6, stoppedAt: undefined, lastAt: 8 },
    ]);
  });
});
