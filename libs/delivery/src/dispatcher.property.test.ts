import fc from 'fast-check';
import { Harness, DELIVERED, FAILED, GONE, REJECTED, type TestMessage, THROTTLED } from './dispatcher.fixture';
import { type Outcome } from './outcome';

/** What may happen to a lane, in any order. */
type Step =
  | { readonly do: 'publish'; readonly key: number; readonly alert: number }
  | { readonly do: 'settle'; readonly which: number; readonly outcome: Outcome }
  | { readonly do: 'finish settling' }
  | { readonly do: 'wait'; readonly ms: number }
  /** A key that hangs fills every slot, or keeps its lane from being released; an interrupted attempt may have been accepted. */
  | { readonly do: 'make room'; readonly wasDelivered: boolean }
  | { readonly do: 'interrupt'; readonly key: number; readonly ms: number; readonly wasDelivered: boolean }
  | { readonly do: 'crash' }
  | { readonly do: 'hand over' }
  | { readonly do: 'resume' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('publish' as const), key: fc.nat(3), alert: fc.nat(3) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      which: fc.nat(63),
      outcome: fc.constantFrom(DELIVERED, DELIVERED, THROTTLED, FAILED, REJECTED, GONE),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ do: 'finish settling' as const }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(5_000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('make room' as const), wasDelivered: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('interrupt' as const),
      key: fc.nat(3),
      ms: fc.nat(5_000),
      wasDelivered: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'crash' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'hand over' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'resume' as const }) },
);

const WINDOW = 16;

/** A lane in the broker, and the worker that holds part of it. */
class LaneSimulation {
  readonly harness = new Harness({ concurrency: 8 });
  readonly published: TestMessage[] = [];
  /** In order; a held message stays in it until it is acknowledged. */
  readonly queue: TestMessage[] = [];
  readonly held = new Set<TestMessage>();
  readonly delivered: TestMessage[] = [];
  readonly dead: TestMessage[] = [];
  interrupted = 0;

  run(steps: readonly Step[]): void {
    for (const one of steps) this.take(one);
    // At the end everything works: every attempt succeeds and settles.
    for (let round = 0; this.queue.length > 0 && round < 10_000; round += 1) {
      this.take({ do: 'resume' });
      this.take({ do: 'wait', ms: 60_000 });
      this.take({ do: 'settle', which: 0, outcome: DELIVERED });
      this.take({ do: 'finish settling' });
    }
  }

  take(one: Step): void {
    const { harness } = this;
    switch (one.do) {
      case 'publish': {
        const message = harness.message(`key-${one.key}`, String(one.alert));
        this.published.push(message);
        this.queue.push(message);
        break;
      }
      case 'settle': {
        const message = [...harness.attempting][one.which % Math.max(harness.attempting.size, 1)];
        if (message === undefined) break;
        harness.attempting.delete(message);
        if (one.outcome.kind === 'delivered') this.delivered.push(message);
        harness.dispatcher.settle(message, one.outcome);
        break;
      }
      case 'finish settling':
        for (const message of harness.settling.splice(0)) this.acknowledge(message);
        break;
      case 'wait':
        harness.clock.advance(one.ms);
        break;
      case 'resume':
        for (const key of [...harness.dispatcher.pausedKeys]) harness.dispatcher.resume(key);
        break;
      case 'make room':
        harness.dispatcher.preemption.makeRoom();
        this.interrupt(one.wasDelivered);
        break;
      case 'interrupt':
        harness.clock.advance(one.ms);
        harness.dispatcher.preemption.interrupt(`key-${one.key}`);
        this.interrupt(one.wasDelivered);
        break;
      case 'crash':
        this.returnToQueue([...this.held]);
        harness.settling.length = 0;
        break;
      case 'hand over':
        this.returnToQueue([...this.held].filter((message) => !harness.dispatcher.isBusy(message)));
        for (const message of [...harness.attempting]) {
          harness.attempting.delete(message);
          this.delivered.push(message);
          harness.dispatcher.settle(message, DELIVERED);
        }
        for (const message of harness.settling.splice(0)) this.acknowledge(message);
        break;
    }
    this.fill();
    this.check();
  }

  /** The broker delivers the next messages, in order, up to the window. */
  fill(): void {
    for (const message of this.queue) {
      if (this.held.size >= WINDOW) return;
      if (this.held.has(message)) continue;
      this.held.add(message);
      this.harness.dispatcher.add(message);
    }
  }

  returnToQueue(messages: readonly TestMessage[]): void {
    for (const message of messages) {
      this.held.delete(message);
      this.harness.attempting.delete(message);
    }
    this.harness.dispatcher.forget(messages);
  }

  interrupt(wasDelivered: boolean): void {
    const messages = this.harness.interrupting.filter((message) => this.harness.attempting.has(message));
    this.interrupted += messages.length;
    if (wasDelivered) this.delivered.push(...messages);
    this.harness.finishInterrupting();
  }

  acknowledge(message: TestMessage): void {
    if (this.harness.deadLettered.some((entry) => entry.message === message)) this.dead.push(message);
    this.held.delete(message);
    this.queue.splice(this.queue.indexOf(message), 1);
    this.harness.dispatcher.done(message);
  }

  check(): void {
    const inFlight = [...this.harness.attempting].map(({ orderKey }) => orderKey);
    expect(new Set(inFlight).size).toBe(inFlight.length);
    expect(this.harness.dispatcher.held).toBe(this.held.size);
    expect(this.harness.dispatcher.inFlight).toBe(this.harness.attempting.size);
  }
}

describe('a lane, whatever answers, interruptions, crashes and hand-overs come in between', () => {
  it('delivers the events of each alert in the order in which they were accepted, and loses none', () => {
    let interrupted = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
        const lane = new LaneSimulation();
        lane.run(steps);
        interrupted += lane.interrupted;
        const ended = new Set([...lane.delivered, ...lane.dead]);
        expect(lane.published.filter((message) => !ended.has(message))).toEqual([]);
        const latest = new Map<string, number>();
        for (const { orderKey, sequence } of firstOf(lane.delivered)) {
          expect(sequence).toBeGreaterThan(latest.get(orderKey) ?? 0);
          latest.set(orderKey, sequence);
        }
      }),
      { numRuns: 500 },
    );
    expect(interrupted).toBeGreaterThan(0);
  });
});

function firstOf(messages: readonly TestMessage[]): Set<TestMessage> {
  return new Set(messages);
}
