import { Bench, DELIVERED, FAILED, GONE } from './dispatcher.fixture';
import { type Outcome } from './outcome';

describe('a destination that is gone', () => {
  it('is not attempted, while others continue, until it is resumed; then it continues in order', () => {
    const bench = new Bench();
    const [first, second] = [bench.add('gone', 'a'), bench.add('gone', 'a')];
    bench.settle(first, GONE);
    bench.add('gone', 'b');
    const other = bench.add('other', 'a');
    bench.clock.advance(3_600_000);
    expect([...bench.attempting]).toEqual([other]);
    expect([...bench.dispatcher.pausedKeys]).toEqual(['gone']);
    expect(bench.changes).toEqual([{ kind: 'key-paused', routingKey: 'gone', outcome: GONE }]);
    expect(bench.deadLettered).toEqual([]);
    bench.dispatcher.resume('gone');
    bench.settle(first, DELIVERED);
    expect([...bench.attempting]).toContain(second);
    expect(bench.changes.at(-1)).toEqual({ kind: 'key-resumed', routingKey: 'gone' });
  });

  it('can be paused before any of its messages is held', () => {
    const bench = new Bench();
    bench.dispatcher.pause('gone');
    bench.add('gone', 'a');
    expect(bench.attempting.size).toBe(0);
    bench.dispatcher.resume('gone');
    expect(bench.attempting.size).toBe(1);
  });

  it('has its messages dead-lettered once they reach the maximum age', () => {
    const bench = new Bench({ maximumAgeMs: 60_000 });
    const [first, second] = [bench.add('gone', 'a'), bench.add('gone', 'a')];
    bench.settle(first, GONE);
    bench.clock.advance(80_000);
    bench.finishSettling();
    bench.finishSettling();
    expect(bench.deadLettered).toMatchObject([
      { message: first, cause: { reason: 'expired' } },
      { message: second, cause: { reason: 'expired' } },
    ]);
    expect(bench.attempted).toEqual([first]);
  });

  it('counts as stalled, so that it is parked and blocks no other', () => {
    const bench = new Bench();
    bench.settle(bench.add('gone', 'a'), GONE);
    expect(bench.dispatcher.preemption.isStalled('gone')).toBe(true);
  });
});

describe('a destination that is unavailable', () => {
  const away = (options: ConstructorParameters<typeof Bench>[0]) => {
    const bench = new Bench(options);
    for (let index = 0; index < 20; index += 1) bench.add('one', String(index));
    for (const message of [...bench.attempting]) bench.settle(message, FAILED);
    expect(bench.dispatcher.openCircuits).toBe(1);
    return bench;
  };

  it('yields to other destinations if only one key uses it', () => {
    expect(away({ destinationOf: ({ routingKey }) => routingKey }).dispatcher.preemption.isStalled('one')).toBe(true);
  });

  it('has no one to yield to if all keys share it and many fail', () => {
    const bench = new Bench();
    for (let index = 0; index < 20; index += 1) bench.add(`key-${index}`, 'a');
    for (const message of [...bench.attempting]) bench.settle(message, FAILED);
    expect(bench.dispatcher.preemption.isStalled('key-1')).toBe(false);
  });
});

describe('broken connectivity', () => {
  const refused = (scope: 'key' | 'destination', status = 404) => ({
    ...FAILED,
    reason: 'way' as const,
    scope,
    status,
  });
  const kinds = (bench: Bench) => bench.changes.map(({ kind }) => kind);

  it('of one key is reported once when it begins and once when it ends', () => {
    const bench = new Bench();
    const message = bench.add('vendor', 'a');
    for (let attempt = 0; attempt < 5; attempt += 1) {
      bench.settle(message, refused('key'));
      bench.clock.advance(60_000);
    }
    expect(bench.changes).toMatchObject([
      { kind: 'connectivity-broken', scope: 'key', name: 'vendor', fault: 'not-found' },
    ]);
    expect(bench.dispatcher.keysWithConnectivityFault).toBe(1);
    bench.settle(message, DELIVERED);
    expect(bench.changes.slice(1)).toEqual([{ kind: 'connectivity-restored', scope: 'key', name: 'vendor' }]);
    expect(bench.dispatcher.keysWithConnectivityFault).toBe(0);
  });

  it('of all keys is reported at the first attempt', () => {
    const bench = new Bench();
    const message = bench.add('k', 'a');
    bench.settle(message, refused('destination', 401));
    expect(bench.changes).toMatchObject([
      { kind: 'connectivity-broken', scope: 'destination', name: 'PagerDuty', fault: 'denied' },
    ]);
    bench.clock.advance(60_000);
    bench.settle(message, DELIVERED);
    expect(kinds(bench)).toEqual(['connectivity-broken', 'connectivity-restored']);
  });

  it('that keeps failing and recovering is reported no more than once a minute', () => {
    const bench = new Bench();
    for (let second = 0; second < 50; second += 1) {
      const message = bench.add('k', String(second));
      bench.settle(message, refused('destination'));
      bench.clock.advance(1_000);
      bench.settle(message, DELIVERED);
    }
    expect(kinds(bench)).toEqual(['connectivity-broken', 'connectivity-restored']);
  });
});

describe('a key that fails while it is the only one tried', () => {
  /** Ten failures of one key, while no other key is tried. */
  const failing = () => {
    const bench = new Bench();
    for (let index = 0; index < 20; index += 1) bench.add('bad', String(index));
    for (const message of [...bench.attempting]) bench.settle(message, FAILED);
    expect(bench.changes).toMatchObject([{ kind: 'circuit-opened' }]);
    return bench;
  };
  const failAll = (bench: Bench) => {
    for (const message of [...bench.attempting]) if (message.routingKey === 'bad') bench.settle(message, FAILED);
  };

  it('yields to other keys, because it may be the cause itself', () => {
    expect(failing().dispatcher.preemption.isStalled('bad')).toBe(true);
  });

  it('does not delay the first attempt of another key', () => {
    const bench = failing();
    const other = bench.add('good', 'a');
    expect([...bench.attempting]).toEqual([other]);
  });

  it('backs off independently once another key succeeded, without reporting the destination as unavailable', () => {
    const bench = failing();
    bench.settle(bench.add('good', 'a'), DELIVERED);
    expect(bench.changes.map(({ kind }) => kind)).toEqual(['circuit-opened', 'circuit-closed']);
    for (let second = 0; second < 120; second += 1) {
      failAll(bench);
      bench.clock.advance(1_000);
      bench.settle(bench.add('good', String(second)), DELIVERED);
    }
    expect(bench.changes).toHaveLength(2);
    expect(bench.dispatcher.preemption.isStalled('bad')).toBe(true);
  });

  it('counts like any other key again when one of its messages succeeds', () => {
    const bench = failing();
    bench.settle(bench.add('good', 'a'), DELIVERED);
    for (const message of [...bench.attempting]) bench.settle(message, DELIVERED);
    for (let index = 0; index < 20; index += 1) bench.add('bad', `later-${index}`);
    failAll(bench);
    expect(bench.changes.at(-1)).toMatchObject({ kind: 'circuit-opened' });
  });

  it('is found to be one of many if the others fail too', () => {
    const bench = failing();
    for (let index = 0; index < 4; index += 1) bench.settle(bench.add(`key-${index}`, 'a'), FAILED);
    bench.add('new', 'a');
    expect(bench.attempting.size).toBe(0);
    expect(bench.dispatcher.preemption.isStalled('bad')).toBe(false);
  });
});

describe('keys whose attempts hang', () => {
  const TIMEOUT: Outcome = {
    kind: 'failed',
    reason: 'timeout',
    scope: 'destination',
    status: undefined,
    detail: '',
    retryAfterMs: undefined,
  };
  /** This many keys, each with ten attempts in flight for fifteen seconds. */
  const hanging = (count: number) => {
    const bench = new Bench({ concurrency: 256 });
    for (let key = 0; key < count; key += 1) {
      for (let alert = 0; alert < 10; alert += 1) bench.add(`hanging-${key}`, String(alert));
    }
    bench.clock.advance(15_000);
    return bench;
  };
  const timeOut = (bench: Bench) => {
    for (const message of [...bench.attempting]) {
      if (message.routingKey.startsWith('hanging')) bench.settle(message, TIMEOUT);
    }
  };

  it('do not open the circuit with attempts that began before another key succeeded', () => {
    const bench = hanging(8);
    bench.settle(bench.add('good', 'a'), DELIVERED);
    timeOut(bench);
    expect(bench.dispatcher.openCircuits).toBe(0);
  });

  it('are tried one attempt at a time from then on, and without that limit once one succeeded', () => {
    const bench = hanging(8);
    bench.settle(bench.add('good', 'a'), DELIVERED);
    timeOut(bench);
    bench.clock.advance(60_000);
    expect(bench.attempting.size).toBe(8);
    for (const message of [...bench.attempting].slice(0, 1)) bench.settle(message, DELIVERED);
    expect(bench.attempting.size).toBe(7 + 9);
  });

  it('delay no other key by more than a second if they opened the circuit, even while a probe hangs', () => {
    const bench = hanging(8);
    timeOut(bench);
    expect(bench.dispatcher.openCircuits).toBe(1);
    bench.clock.advance(5_000);
    const probes = bench.attempting.size;
    expect(probes).toBe(1);
    const good = bench.add('good', 'a');
    bench.clock.advance(1_000);
    expect(bench.attempting.has(good)).toBe(true);
    bench.settle(good, DELIVERED);
    expect(bench.dispatcher.openCircuits).toBe(0);
    expect(bench.attempting.size).toBeLessThanOrEqual(8);
  });

  it('yield to other keys', () => {
    const bench = hanging(8);
    bench.settle(bench.add('good', 'a'), DELIVERED);
    timeOut(bench);
    expect(bench.dispatcher.preemption.isStalled('hanging-3')).toBe(true);
  });
});
