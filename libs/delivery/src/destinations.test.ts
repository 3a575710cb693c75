import { Harness, DELIVERED, FAILED, GONE } from './dispatcher.fixture';
import { type Outcome } from './outcome';

describe('a destination that is gone', () => {
  it('is not attempted, while others continue, until it is resumed; then it continues in order', () => {
    const harness = new Harness();
    const [first, second] = [harness.add('gone', 'a'), harness.add('gone', 'a')];
    harness.settle(first, GONE);
    harness.add('gone', 'b');
    const other = harness.add('other', 'a');
    harness.clock.advance(3_600_000);
    expect([...harness.attempting]).toEqual([other]);
    expect([...harness.dispatcher.pausedKeys]).toEqual(['gone']);
    expect(harness.changes).toEqual([{ kind: 'key-paused', routingKey: 'gone', outcome: GONE }]);
    expect(harness.deadLettered).toEqual([]);
    harness.dispatcher.resume('gone');
    harness.settle(first, DELIVERED);
    expect([...harness.attempting]).toContain(second);
    expect(harness.changes.at(-1)).toEqual({ kind: 'key-resumed', routingKey: 'gone' });
  });

  it('can be paused before any of its messages is held', () => {
    const harness = new Harness();
    harness.dispatcher.pause('gone');
    harness.add('gone', 'a');
    expect(harness.attempting.size).toBe(0);
    harness.dispatcher.resume('gone');
    expect(harness.attempting.size).toBe(1);
  });

  it('has its messages dead-lettered once they reach the maximum age', () => {
    const harness = new Harness({ maximumAgeMs: 60_000 });
    const [first, second] = [harness.add('gone', 'a'), harness.add('gone', 'a')];
    harness.settle(first, GONE);
    harness.clock.advance(80_000);
    harness.finishSettling();
    harness.finishSettling();
    expect(harness.deadLettered).toMatchObject([
      { message: first, cause: { reason: 'expired' } },
      { message: second, cause: { reason: 'expired' } },
    ]);
    expect(harness.attempted).toEqual([first]);
  });

  it('is not unavailable for all keys, so that it is parked and blocks no other', () => {
    const harness = new Harness();
    harness.settle(harness.add('gone', 'a'), GONE);
    expect(harness.dispatcher.isUnreachable('gone')).toBe(false);
  });
});

describe('a destination that is unavailable', () => {
  const harnessOf = (options: ConstructorParameters<typeof Harness>[0]) => {
    const harness = new Harness(options);
    for (let index = 0; index < 20; index += 1) harness.add('one', String(index));
    for (const message of [...harness.attempting]) harness.settle(message, FAILED);
    expect(harness.dispatcher.openCircuits).toBe(1);
    return harness;
  };

  it('yields to other destinations if only one key uses it', () => {
    expect(harnessOf({ destinationOf: ({ routingKey }) => routingKey }).dispatcher.isUnreachable('one')).toBe(false);
  });

  it('has no one to yield to if all keys share it and many fail', () => {
    const harness = new Harness();
    for (let index = 0; index < 20; index += 1) harness.add(`key-${index}`, 'a');
    for (const message of [...harness.attempting]) harness.settle(message, FAILED);
    expect(harness.dispatcher.isUnreachable('key-1')).toBe(true);
  });
});

describe('broken connectivity', () => {
  const refused = (scope: 'key' | 'destination', status = 404) => ({
    ...FAILED,
    reason: 'way' as const,
    scope,
    status,
  });
  const kinds = (harness: Harness) => harness.changes.map(({ kind }) => kind);

  it('of one key is reported once when it begins and once when it ends', () => {
    const harness = new Harness();
    const message = harness.add('vendor', 'a');
    for (let attempt = 0; attempt < 5; attempt += 1) {
      harness.settle(message, refused('key'));
      harness.clock.advance(60_000);
    }
    expect(harness.changes).toMatchObject([
      { kind: 'connectivity-broken', scope: 'key', name: 'vendor', fault: 'not-found' },
    ]);
    expect(harness.dispatcher.keysWithConnectivityFault).toBe(1);
    harness.settle(message, DELIVERED);
    expect(harness.changes.slice(1)).toEqual([{ kind: 'connectivity-restored', scope: 'key', name: 'vendor' }]);
    expect(harness.dispatcher.keysWithConnectivityFault).toBe(0);
  });

  it('of all keys is reported at the first attempt', () => {
    const harness = new Harness();
    const message = harness.add('k', 'a');
    harness.settle(message, refused('destination', 401));
    expect(harness.changes).toMatchObject([
      { kind: 'connectivity-broken', scope: 'destination', name: 'PagerDuty', fault: 'denied' },
    ]);
    harness.clock.advance(60_000);
    harness.settle(message, DELIVERED);
    expect(kinds(harness)).toEqual(['connectivity-broken', 'connectivity-restored']);
  });

  it('that keeps failing and recovering is reported no more than once a minute', () => {
    const harness = new Harness();
    for (let second = 0; second < 50; second += 1) {
      const message = harness.add('k', String(second));
      harness.settle(message, refused('destination'));
      harness.clock.advance(1_000);
      harness.settle(message, DELIVERED);
    }
    expect(kinds(harness)).toEqual(['connectivity-broken', 'connectivity-restored']);
  });
});

describe('a key that fails while it is the only one tried', () => {
  /** Ten failures of one key, while no other key is tried. */
  const failing = () => {
    const harness = new Harness();
    for (let index = 0; index < 20; index += 1) harness.add('bad', String(index));
    for (const message of [...harness.attempting]) harness.settle(message, FAILED);
    expect(harness.changes).toMatchObject([{ kind: 'circuit-opened' }]);
    return harness;
  };
  const failAll = (harness: Harness) => {
    for (const message of [...harness.attempting]) if (message.routingKey === 'bad') harness.settle(message, FAILED);
  };

  it('yields to other keys, because it may be the cause itself', () => {
    expect(failing().dispatcher.isUnreachable('bad')).toBe(false);
  });

  it('does not delay the first attempt of another key', () => {
    const harness = failing();
    const other = harness.add('good', 'a');
    expect([...harness.attempting]).toEqual([other]);
  });

  it('backs off independently once another key succeeded, without reporting the destination as unavailable', () => {
    const harness = failing();
    harness.settle(harness.add('good', 'a'), DELIVERED);
    expect(harness.changes.map(({ kind }) => kind)).toEqual(['circuit-opened', 'circuit-closed']);
    for (let second = 0; second < 120; second += 1) {
      failAll(harness);
      harness.clock.advance(1_000);
      harness.settle(harness.add('good', String(second)), DELIVERED);
    }
    expect(harness.changes).toHaveLength(2);
  });

  it('counts like any other key again when one of its messages succeeds', () => {
    const harness = failing();
    harness.settle(harness.add('good', 'a'), DELIVERED);
    for (const message of [...harness.attempting]) harness.settle(message, DELIVERED);
    for (let index = 0; index < 20; index += 1) harness.add('bad', `later-${index}`);
    failAll(harness);
    expect(harness.changes.at(-1)).toMatchObject({ kind: 'circuit-opened' });
  });

  it('is found to be one of many if the others fail too', () => {
    const harness = failing();
    for (let index = 0; index < 4; index += 1) harness.settle(harness.add(`key-${index}`, 'a'), FAILED);
    harness.add('new', 'a');
    expect(harness.attempting.size).toBe(0);
    expect(harness.dispatcher.isUnreachable('bad')).toBe(true);
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
    const harness = new Harness({ concurrency: 256 });
    for (let key = 0; key < count; key += 1) {
      for (let alert = 0; alert < 10; alert += 1) harness.add(`hanging-${key}`, String(alert));
    }
    harness.clock.advance(15_000);
    return harness;
  };
  const timeOut = (harness: Harness) => {
    for (const message of [...harness.attempting]) {
      if (message.routingKey.startsWith('hanging')) harness.settle(message, TIMEOUT);
    }
  };

  it('do not open the circuit with attempts that began before another key succeeded', () => {
    const harness = hanging(8);
    harness.settle(harness.add('good', 'a'), DELIVERED);
    timeOut(harness);
    expect(harness.dispatcher.openCircuits).toBe(0);
  });

  it('are tried one attempt at a time from then on, and without that limit once one succeeded', () => {
    const harness = hanging(8);
    harness.settle(harness.add('good', 'a'), DELIVERED);
    timeOut(harness);
    harness.clock.advance(60_000);
    expect(harness.attempting.size).toBe(8);
    for (const message of [...harness.attempting].slice(0, 1)) harness.settle(message, DELIVERED);
    expect(harness.attempting.size).toBe(7 + 9);
  });

  it('delay no other key by more than a second if they opened the circuit, even while a probe hangs', () => {
    const harness = hanging(8);
    timeOut(harness);
    expect(harness.dispatcher.openCircuits).toBe(1);
    harness.clock.advance(5_000);
    const probes = harness.attempting.size;
    expect(probes).toBe(1);
    const good = harness.add('good', 'a');
    harness.clock.advance(1_000);
    expect(harness.attempting.has(good)).toBe(true);
    harness.settle(good, DELIVERED);
    expect(harness.dispatcher.openCircuits).toBe(0);
    expect(harness.attempting.size).toBeLessThanOrEqual(8);
  });

  it('yield to other keys', () => {
    const harness = hanging(8);
    harness.settle(harness.add('good', 'a'), DELIVERED);
    timeOut(harness);
    expect(harness.dispatcher.isUnreachable('hanging-3')).toBe(false);
  });
});
