import { type Mutant } from './mutant';

const MESSAGING = 'libs/messaging/src';
const DELIVERY = 'libs/delivery/src';

const LOST = 'every message that was answered with 202 is delivered, a dead letter, quarantined or still held';
const STUCK = 'everything is drained in time after the faults end';
const OVERLAP = 'a request starts only once the one before it of its alert has ended';
const REPEATED = 'a message is processed again only for a documented reason';
const MEMORY = 'the documented limits of memory are kept';
const IMPATIENT = 'a throttled key waits for as long as PagerDuty asks';
const LOOPS = 'nothing loops';
const DELAYED = 'keys that make no progress do not delay the others';
const UNHANDLED = 'every error is handled';

/** Faults of how workers own lanes and deliver. */
export const MUTANTS_OF_WORKERS: Readonly<Record<string, Mutant>> = {
  'sends events of one alert concurrently': {
    seed: 1,
    check: OVERLAP,
    edits: [{ file: `${MESSAGING}/message.ts`, from: '    orderKey,\n', to: '    orderKey: id,\n' }],
  },
  'measures waiting times with the wall clock': {
    seed: 156,
    shownBy: 'a clock jumps',
    check: STUCK,
    edits: [
      {
        file: `${MESSAGING}/delivery-executor.ts`,
        from: 'destinationOf, clock, random }',
        to: 'destinationOf, random, clock: { monotonic: () => clock.wall(), wall: () => clock.wall(), after: (ms: number, run: () => void) => clock.after(ms, run) } }',
      },
    ],
  },
  'keeps a lane that the broker gave to another worker': {
    seed: 2644,
    check: REPEATED,
    edits: [
      {
        file: `${MESSAGING}/pulse.ts`,
        from: 'return monotonic - this.#answered.monotonic < VALID_FOR_MS && Math.abs(wall - this.#answered.wall) < VALID_FOR_MS;',
        to: 'return monotonic > 0 && wall > 0;',
      },
      { file: `${MESSAGING}/delivery-records.ts`, from: "return 'lane-lost';", to: "return 'new';" },
    ],
  },
  'consumes a queue that does not answer': {
    seed: 112,
    check: 'the broker closes no connection because of an error',
    edits: [
      {
        file: `${MESSAGING}/lane-channel.ts`,
        from: '    await scout.whenAnswered(queue, this.signal);\n',
        to: '    void scout;\n',
      },
    ],
  },
  'forgets a delivered id': {
    seed: 74,
    check: REPEATED,
    edits: [
      {
        file: `${MESSAGING}/delivery-executor.ts`,
        from: '    await this.#ports.records.add(message.id);\n    message.lane.ack(message);',
        to: '    message.lane.ack(message);',
      },
    ],
  },
  'makes more requests than its concurrency': {
    seed: 50,
    check: MEMORY,
    edits: [
      {
        file: `${DELIVERY}/fair-scheduler.ts`,
        from: 'this.#slots = concurrency + ',
        to: 'this.#slots = 2 * concurrency + ',
      },
    ],
  },
  'keeps the messages of a lost lane in memory': {
    seed: 154,
    check: STUCK,
    edits: [
      {
        file: `${MESSAGING}/lane-owner.ts`,
        from: '    this.#options.dispatcher.forget(this.#lane.held);\n',
        to: '',
      },
    ],
  },
  'keeps an acknowledged message in memory': {
    seed: 2,
    check: MEMORY,
    edits: [
      {
        file: `${MESSAGING}/lane-channel.ts`,
        from: 'if (this.#held.delete(message)) this.#removeBytes(message.heldBytes);',
        to: 'this.#held.delete(message);',
      },
    ],
  },
  'renews each lane every 20 seconds': {
    seed: 2,
    check: LOOPS,
    edits: [
      {
        file: `${MESSAGING}/lane-worker.ts`,
        from: 'if (owner.heldSince < renewBefore)',
        to: 'if (renewBefore < now && now % 20_000 < 1_000)',
      },
    ],
  },
  'takes the former claim of a lane for that of another worker if Redis refuses its own': {
    seed: 68,
    shownBy: 'Redis cannot save',
    check: DELAYED,
    edits: [
      {
        file: `${MESSAGING}/lane-claim.ts`,
        from: 'return current === this.id || current === this.#standing;',
        to: 'return current === this.id;',
      },
    ],
  },
  'does not handle an error of Redis': {
    seed: 45,
    check: UNHANDLED,
    edits: [
      {
        file: `${MESSAGING}/delivery-records.ts`,
        from: '      await this.#markers.mark(id);\n',
        to: '      void this.#markers.mark(id);\n',
      },
    ],
  },
  'ignores a Retry-After that comes while the key waits': {
    seed: 17,
    check: IMPATIENT,
    edits: [
      {
        file: `${DELIVERY}/fair-scheduler.ts`,
        from: 'if (key.stopWaiting !== undefined && !(isRequested && until > key.waitsUntil)) return;',
        to: 'if (key.stopWaiting !== undefined) return;',
      },
    ],
  },
  'acknowledges a dead letter that was not written': {
    seed: 58,
    check: LOST,
    edits: [
      {
        file: `${MESSAGING}/dead-letter-publisher.ts`,
        from: 'every(this.#clock, CHECK_EVERY_MS, check)',
        to: "every(this.#clock, CHECK_EVERY_MS, () => end('confirmed'))",
      },
    ],
  },
  'goes on with a lane whose channel is lost': {
    seed: 331,
    check: STUCK,
    edits: [
      {
        file: `${MESSAGING}/lane-worker.ts`,
        from: '    for (const owner of this.#lanes.owners) owner.lose();\n',
        to: '',
      },
      { file: `${MESSAGING}/lane-channel.ts`, from: "    channel.on('close', () => this.lose());\n", to: '' },
    ],
  },
  'releases a lane during its requests': {
    seed: 50,
    check: REPEATED,
    edits: [
      {
        file: `${MESSAGING}/lane-owner.ts`,
        from: '    await this.#lane.whenDrained();\n',
        to: '',
      },
    ],
  },
};
