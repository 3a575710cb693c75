import { type Mutant } from './mutant';

const MESSAGING = 'libs/messaging/src';

const LOST = 'every message that was answered with 202 is delivered, a dead letter, quarantined or still held';
const STUCK = 'everything is drained in time after the faults end';
const LATE = 'an event is processed after a later one of its alert only for a documented reason';
const OVERLAP = 'a request starts only once the one before it of its alert has ended';
const DELAYED = 'keys that make no progress do not delay the others';

/** Faults of how keys are parked, and sidings taken over. */
export const MUTANTS_OF_PARKING: Readonly<Record<string, Mutant>> = {
  'acknowledges a moved message before its confirm': {
    seed: 359,
    check: LOST,
    edits: [
      { file: `${MESSAGING}/siding-move.ts`, from: '        onMoved(message);\n', to: '' },
      {
        file: `${MESSAGING}/siding-move.ts`,
        from: '    const confirmed = publish(message).then(',
        to: '    onMoved(message);\n    const confirmed = publish(message).then(',
      },
    ],
  },
  'ignores the sidings of a lane that it takes over': {
    seed: 25,
    check: STUCK,
    edits: [{ file: `${MESSAGING}/lane-owner.ts`, from: '    await this.#isolation.loadSidings();\n', to: '' }],
  },
  'trusts its own count of the messages in a siding': {
    seed: 2_000_040,
    check: STUCK,
    edits: [
      {
        file: `${MESSAGING}/isolation.ts`,
        from: '      if (messages > 0) return await this.#takeOver(siding, messages);\n',
        to: '      void messages;\n',
      },
    ],
  },
  'reads a lane before its sidings are loaded': {
    seed: 7,
    check: LATE,
    edits: [
      {
        file: `${MESSAGING}/lane-owner.ts`,
        from: "    if (this.#gate === 'open') return this.#options.redeliveryFilter.onMessage(message);\n    this.#early.push(message);",
        to: '    this.#options.redeliveryFilter.onMessage(message);',
      },
    ],
  },
  'delivers new messages of a parked key from its lane': {
    seed: 5,
    check: LATE,
    edits: [
      {
        file: `${MESSAGING}/isolation.ts`,
        from: '    siding.move([message]);\n    return true;',
        to: '    return false;',
      },
    ],
  },
  'parks a key while an attempt is in flight': {
    seed: 5,
    check: OVERLAP,
    edits: [
      {
        file: `${MESSAGING}/isolation.ts`,
        from: '    if (held.some((message) => dispatcher.isBusy(message))) return dispatcher.preemption.interrupt(routingKey);\n',
        to: '',
      },
    ],
  },
  'moves the messages of one alert concurrently': {
    seed: 328,
    check: LATE,
    edits: [{ file: `${MESSAGING}/siding-move.ts`, from: '    if (previous !== undefined) await previous;\n', to: '' }],
  },
  'counts a siding that another worker still consumes': {
    seed: 1_464,
    check: STUCK,
    edits: [
      {
        file: `${MESSAGING}/isolation.ts`,
        from: '      if (consumerCount === 0) return messageCount;',
        to: '      if (consumerCount >= 0) return messageCount;',
      },
    ],
  },
  'parks no key': {
    seed: 152,
    check: DELAYED,
    edits: [
      {
        file: `${MESSAGING}/isolation.ts`,
        from: 'else if (this.#options.lane.isWindowFull) this.#chooseKey();',
        to: '',
      },
    ],
  },
};
