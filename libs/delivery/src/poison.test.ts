import { Harness, DELIVERED, FAILED, seededRandom, type TestMessage } from './dispatcher.fixture';
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
function run(harness: Harness, ms: number, outcomeOf: (message: TestMessage) => Outcome): void {
  for (let waited = 0; waited < ms; waited += 10_000) {
    for (const message of [...harness.attempting]) harness.settle(message, outcomeOf(message));
    harness.clock.advance(10_000);
  }
}

/** 1,000 events of `keys` keys, each with its own alert, during an outage of `ms` milliseconds. */
function outage(keys: number, ms: number): Harness {
  const harness = new Harness({ maximumAgeMs: 7 * 1_440 * MINUTE, random: seededRandom(1) });
  harness.settle(harness.add('key-0', 'before'), DELIVERED);
  for (let index = 0; index < 1_000; index += 1) harness.add(`key-${index % keys}`, String(index));
  run(harness, ms, () => FAILED);
  return harness;
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
      const harness = outage(keys, minutes * MINUTE);
      const random = seededRandom(2);
      run(harness, 30 * MINUTE, () => (random.fraction() < 0.2 ? FAILED : DELIVERED));
      expect(harness.deadLettered).toEqual([]);
      expect(harness.dispatcher.held).toBe(0);
    },
  );

  it('in which one event in twenty succeeds for hours dead-letters nothing', () => {
    const harness = outage(200, MINUTE);
    const random = seededRandom(3);
    // Delivered events are replaced, so that there is always something left to fail.
    let next = 1_000;
    for (let minute = 0; minute < 180; minute += 1) {
      for (; harness.dispatcher.held < 200; next += 1) harness.add(`key-${next % 200}`, String(next));
      run(harness, MINUTE, () => (random.fraction() < 0.95 ? FAILED : DELIVERED));
    }
    expect(harness.deadLettered).toEqual([]);
  });

  it('is no reason to dead-letter an event that had failed before it', () => {
    const harness = new Harness({ random: seededRandom(1) });
    const suspect = harness.add('k', 'suspect');
    const outcomeOf = (message: TestMessage) => (message === suspect ? FAILED : DELIVERED);
    const traffic = (minutes: number, everybody: (message: TestMessage) => Outcome) => {
      for (let minute = 0; minute < minutes; minute += 1) {
        harness.add(`other-${minute % 20}`, String(harness.clock.monotonic()));
        run(harness, MINUTE, everybody);
      }
    };
    traffic(50, outcomeOf);
    traffic(70, () => FAILED);
    traffic(50, outcomeOf);
    expect(harness.deadLettered).toEqual([]);
    traffic(20, outcomeOf);
    expect(harness.deadLettered).toMatchObject([{ message: suspect, cause: { reason: 'poison' } }]);
  });
});

describe('an event that fails with server errors', () => {
  it('is kept while nothing else is accepted for ten minutes', () => {
    const harness = new Harness({ random: seededRandom(1) });
    const suspect = harness.add('k', 'suspect');
    for (let hour = 0; hour < 12; hour += 1) {
      harness.add('other', String(hour));
      run(harness, 60 * MINUTE, (message) => (message === suspect ? FAILED : DELIVERED));
    }
    expect(harness.deadLettered).toEqual([]);
  });
});

describe('an event that an intermediary finds too large', () => {
  const withTraffic = (minutes: number, isTaken: boolean) => {
    const harness = new Harness({ random: seededRandom(1) });
    const large = harness.add('k', 'large');
    for (let minute = 0; minute < minutes; minute += 1) {
      harness.add('k', `alert ${minute}`);
      run(harness, MINUTE, (message) => (message === large || !isTaken ? TOO_LARGE : DELIVERED));
    }
    return { harness, large };
  };

  it('becomes a dead letter after ten attempts over ten minutes while others are accepted', () => {
    expect(withTraffic(9, true).harness.deadLettered).toEqual([]);
    const { harness, large } = withTraffic(20, true);
    expect(harness.deadLettered).toMatchObject([
      {
        message: large,
        cause: { reason: 'poison', status: 413, response: TOO_LARGE.kind === 'failed' && TOO_LARGE.detail },
      },
    ]);
    expect(harness.attempted.filter((message) => message === large).length).toBeGreaterThanOrEqual(10);
  });

  it('waits while nothing else is accepted', () => {
    expect(withTraffic(120, false).harness.deadLettered).toEqual([]);
  });

  it('blocks only its own alert', () => {
    const harness = new Harness();
    for (let attempt = 0; attempt < 3; attempt += 1) harness.settle(harness.add('k', `large ${attempt}`), TOO_LARGE);
    const other = harness.add('k', 'other');
    expect([...harness.attempting]).toEqual([other]);
    expect(harness.dispatcher).toMatchObject({ openCircuits: 0, keysWithConnectivityFault: 0 });
  });

  it('leads to one probe a second if everything is too large, and no dead letter', () => {
    const harness = new Harness();
    for (let index = 0; index < 100; index += 1) harness.add(`key-${index}`, 'a');
    for (const message of [...harness.attempting]) harness.settle(message, TOO_LARGE);
    harness.attempted.length = 0;
    run(harness, 60 * MINUTE, () => TOO_LARGE);
    expect(harness.attempted.length).toBeLessThan(3_600);
    expect(harness.deadLettered).toEqual([]);
    expect(harness.changes.map(({ kind }) => kind)).toEqual(['message-refused', 'circuit-opened']);
  });

  it('is reported once, and so are many of them in one minute', () => {
    const { harness, large } = withTraffic(20, true);
    expect(harness.changes).toEqual([{ kind: 'message-refused', routingKey: 'k', id: large.id, outcome: TOO_LARGE }]);
    const many = new Harness();
    for (let index = 0; index < 100; index += 1) {
      many.settle(many.add('k', `large ${index}`), TOO_LARGE);
      many.settle(many.add('k', `other ${index}`), DELIVERED);
    }
    expect(many.changes).toHaveLength(1);
  });
});
