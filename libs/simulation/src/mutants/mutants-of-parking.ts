import { type Mutant } from './mutant';

const MESSAGING = 'libs/messaging/src';

const LOST = 'every message that was answered with 202 is delivered, a dead letter, quarantined or still held';
const STUCK = 'everything is drained in time after the faults end';
const LATE = 'an event is processed after a later one of its alert only for a documented reason';
const MEMORY = 'the documented limits of memory are kept';
const DELAYED = 'keys that make no progress do not delay the others';

/** Faults of how keys are parked, and lanes taken over. */
export const MUTANTS_OF_PARKING: Readonly<Record<string, Mutant>> = {
  'acknowledges a moved message before its confirm': {
    seed: 679,
    shownBy: 'a worker is killed',
    check: LOST,
    edits: [
      {
        file: `${MESSAGING}/siding.ts`,
        from: '        move.isSent = true;\n',
        to: '        move.isSent = true;\n        this.#finish(message, move);\n',
      },
    ],
  },
  'ignores the sidings of a lane that it takes over': {
    seed: 3,
    check: STUCK,
    edits: [
      {
        file: `${MESSAGING}/lane-owner.ts`,
        from: 'const queues = [this.#queue, ...this.#sidings.map(({ queue }) => queue)];',
        to: 'const queues = [this.#queue];',
      },
    ],
  },
  'ignores the table of a lane that it takes over': {
    seed: 25,
    check: LATE,
    edits: [
      {
        file: `${MESSAGING}/lane-owner.ts`,
        from: 'this.#parking.begin(keys ?? new Map(), isComplete);',
        to: 'this.#parking.begin(new Map(), isComplete);',
      },
    ],
  },
  'consumes a lane before its table is known': {
    seed: 3,
    check: LATE,
    edits: [
      {
        file: `${MESSAGING}/lane-owner.ts`,
        from: '    const keys = await this.#table.take(',
        to: '    void this.#lane.consume(this.#queue, { isUrgent: true, prefetch: this.#options.lanePrefetch });\n    const keys = await this.#table.take(',
      },
    ],
  },
  'moves messages before their table has come back': {
    seed: 663,
    check: LATE,
    edits: [
      {
        file: `${MESSAGING}/lane-table.ts`,
        from: 'this.#written = { id: this.#publish(keys), onBack };',
        to: 'this.#publish(keys);\n    onBack();',
      },
    ],
  },
  'delivers new messages of a parked key from its lane': {
    seed: 3,
    check: LATE,
    edits: [
      {
        file: `${MESSAGING}/lane-owner.ts`,
        from: 'if (siding === undefined && this.#parking.redirect(message)) return;',
        to: '',
      },
    ],
  },
  'returns a key to its lane before its copies have come back': {
    seed: 96,
    check: LATE,
    edits: [
      {
        file: `${MESSAGING}/parking.ts`,
        from: 'siding.isKnown && !siding.isAwaiting(key) && ',
        to: 'siding.isKnown && ',
      },
    ],
  },
  'returns a key to its lane before it knows what is in its siding': {
    seed: 146,
    check: LATE,
    edits: [
      {
        file: `${MESSAGING}/parking.ts`,
        from: 'siding.isKnown && !siding.isAwaiting(key) && ',
        to: '!siding.isAwaiting(key) && ',
      },
    ],
  },
  'delivers a copy of a message that is being delivered': {
    seed: 135,
    check: MEMORY,
    edits: [
      {
        file: `${MESSAGING}/lane-owner.ts`,
        from: '    if (admitted !== undefined) return this.#join(admitted, message);\n',
        to: '',
      },
    ],
  },
  'parks no key': {
    seed: 152,
    check: DELAYED,
    edits: [{ file: `${MESSAGING}/parking.ts`, from: 'mayPark ? this.#blocking(now) : []', to: '[]' }],
  },
};
