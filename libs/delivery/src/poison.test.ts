import { Bench, DELIVERED, FAILED, seededRandom, type TestMessage } from './dispatcher.fixture';
import { type Outcome } from './outcome';

const MINUTE = 60_000;
const TOO_LARGE: Outcome = {
  kind: 'failed',
  reason: 'unrecognized-answer',
  scope: 'message',
  status: 413,
  detail: '<html>Request Entity Too Large</html>',
  retryAfterMs: undefined,
  responder: { server: 'nginx', contentType: 'text/html' },
};

/** Answers all attempts in flight, every ten seconds. */
function run(bench: Bench, ms: number, outcomeOf: (message: TestMessage) => Outcome): void {
  for (let waited = 0; waited < ms; waited += 10_000) {
    for (const message of [...bench.attempting]) bench.settle(message, outcomeOf(message));
    bench.clock.advance(10_000);
  }
}

/** 1,000 events of `keys` keys, each with its own alert, during an outage of `ms` milliseconds. */
function outage(keys: number, ms: number): Bench {
  const bench = new Bench({ maximumAgeMs: 7 * 1_440 * MINUTE, random: seededRandom(1) });
  bench.settle(bench.add('key-0', 'before'), DELIVERED);
  for (let index = 0; index < 1_000; index += 1) bench.add(`key-${index % keys}`, String(index));
  run(bench, ms, () => FAILED);
  return bench;
}

describe('an outage', () => {
  it.each([
    ['61 min', 61, 200],
    ['61 min', 61, 3],
    ['8 h', 480, 200],
    ['8 h', 480, 1],
  ])(
    'of %s (%i min, %i keys), after which every fifth attempt fails for a while, dead-letters nothing',
    (_, minutes, keys) => {
      const bench = outage(keys, minutes * MINUTE);
      const random = seededRandom(2);
      run(bench, 30 * MINUTE, () => (random.fraction() < 0.2 ? FAILED : DELIVERED));
      expect(bench.deadLettered).toEqual([]);
      expect(bench.dispatcher.held).toBe(0);
    },
  );

  it('in which one event in twenty succeeds for hours dead-letters nothing', () => {
    const bench = outage(200, MINUTE);
    const random = seededRandom(3);
    // Delivered events are replaced, so that there is always something left to fail.
    let next = 1_000;
    for (let minute = 0; minute < 180; minute += 1) {
      for (; bench.dispatcher.held < 200; next += 1) bench.add(`key-${next % 200}`, String(next));
      run(bench, MINUTE, () => (random.fraction() < 0.95 ? FAILED : DELIVERED));
    }
    expect(bench.deadLettered).toEqual([]);
  });

  it('is no reason to dead-letter an event that had failed before it', () => {
    const bench = new Bench({ random: seededRandom(1) });
    const suspect = bench.add('k', 'suspect');
    const outcomeOf = (message: TestMessage) => (message === suspect ? FAILED : DELIVERED);
    const traffic = (minutes: number, everybody: (message: TestMessage) => Outcome) => {
      for (let minute = 0; minute < minutes; minute += 1) {
        bench.add(`other-${minute % 20}`, String(bench.clock.monotonic()));
        run(bench, MINUTE, everybody);
      }
    };
    traffic(50, outcomeOf);
    traffic(70, () => FAILED);
    traffic(50, outcomeOf);
    expect(bench.deadLettered).toEqual([]);
    traffic(20, outcomeOf);
    expect(bench.deadLettered).toMatchObject([{ message: suspect, cause: { reason: 'poison' } }]);
  });
});

describe('an event that fails with server errors', () => {
  it('is kept while nothing else is accepted for ten minutes', () => {
    const bench = new Bench({ random: seededRandom(1) });
    const suspect = bench.add('k', 'suspect');
    for (let hour = 0; hour < 12; hour += 1) {
      bench.add('other', String(hour));
      run(bench, 60 * MINUTE, (message) => (message === suspect ? FAILED : DELIVERED));
    }
    expect(bench.deadLettered).toEqual([]);
  });
});

describe('an event that an intermediary finds too large', () => {
  const withTraffic = (minutes: number, isTaken: boolean) => {
    const bench = new Bench({ random: seededRandom(1) });
    const large = bench.add('k', 'large');
    for (let minute = 0; minute < minutes; minute += 1) {
      bench.add('k', `alert ${minute}`);
      run(bench, MINUTE, (message) => (message === large || !isTaken ? TOO_LARGE : DELIVERED));
    }
    return { bench, large };
  };

  it('becomes a dead letter after ten attempts over ten minutes while others are accepted', () => {
    expect(withTraffic(9, true).bench.deadLettered).toEqual([]);
    const { bench, large } = withTraffic(20, true);
    expect(bench.deadLettered).toMatchObject([
      {
        message: large,
        cause: { reason: 'poison', status: 413, response: TOO_LARGE.kind === 'failed' && TOO_LARGE.detail },
      },
    ]);
    expect(bench.attempted.filter((message) => message === large).length).toBeGreaterThanOrEqual(10);
  });

  it('waits while nothing else is accepted', () => {
    expect(withTraffic(120, false).bench.deadLettered).toEqual([]);
  });

  it('blocks only its own alert', () => {
    const bench = new Bench();
    for (let attempt = 0; attempt < 3; attempt += 1) bench.settle(bench.add('k', `large ${attempt}`), TOO_LARGE);
    const other = bench.add('k', 'other');
    expect([...bench.attempting]).toEqual([other]);
    expect(bench.dispatcher).toMatchObject({ openCircuits: 0, keysWithConnectivityFault: 0 });
  });

  it('leads to one probe a second if everything is too large, and no dead letter', () => {
    const bench = new Bench();
    for (let index = 0; index < 100; index += 1) bench.add(`key-${index}`, 'a');
    for (const message of [...bench.attempting]) bench.settle(message, TOO_LARGE);
    bench.attempted.length = 0;
    run(bench, 60 * MINUTE, () => TOO_LARGE);
    expect(bench.attempted.length).toBeLessThan(3_600);
    expect(bench.deadLettered).toEqual([]);
    expect(bench.changes.map(({ kind }) => kind)).toEqual(['message-refused', 'circuit-opened']);
  });

  it('is reported once, and so are many of them in one minute', () => {
    const { bench, large } = withTraffic(20, true);
    expect(bench.changes).toEqual([{ kind: 'message-refused', routingKey: 'k', id: large.id, outcome: TOO_LARGE }]);
    const many = new Bench();
    for (let index = 0; index < 100; index += 1) {
      many.settle(many.add('k', `large ${index}`), TOO_LARGE);
      many.settle(many.add('k', `other ${index}`), DELIVERED);
    }
    expect(many.changes).toHaveLength(1);
  });
});
