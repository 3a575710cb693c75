import { type Mutant } from './mutant';

const FORWARDING = 'libs/forwarding/src';
const SPOOL = 'libs/spool/src';

const LOST = 'every message that was answered with 202 is delivered, a dead letter, quarantined or still held';
const STUCK = 'everything is drained in time after the faults end';
const LATE = 'an event is processed after a later one of its alert only for a documented reason';
const REFUSED = 'a gateway refuses an event only if it cannot store it';

/** Faults of the store and forward of gateways. */
export const MUTANTS_OF_GATEWAYS: Readonly<Record<string, Mutant>> = {
  'answers before the confirm': {
    seed: 1,
    check: LOST,
    edits: [
      {
        file: `${FORWARDING}/lane-forwarder.ts`,
        from: 'this.#direct.set(sequence, { event, sentAt: this.#clock.monotonic() });',
        to: "this.#ports.respond(sequence, 'durable');",
      },
    ],
  },
  'answers before the sync': {
    seed: 115,
    check: LOST,
    edits: [{ file: `${SPOOL}/spool-folder.ts`, from: '{ sync: group.length > 0 }', to: '{ sync: false }' }],
  },
  'does not send again from the oldest unconfirmed event': {
    seed: 166,
    check: LATE,
    edits: [
      {
        file: `${FORWARDING}/drain.ts`,
        from: "    this.#cursor = BEGINNING;\n    if (this.#reading === 'reading') this.#reading = 'stale';",
        to: "    if (this.#reading === 'reading') this.#reading = 'stale';",
      },
    ],
  },
  'erases a spooled event before its confirm': {
    seed: 46,
    check: STUCK,
    edits: [
      {
        file: `${FORWARDING}/drain.ts`,
        from: "if (sent === 'sent') this.#inFlight.set(spooled, { sentAt: now });",
        to: "if (sent === 'sent') {\n        this.#inFlight.set(spooled, { sentAt: now });\n        this.#ports.erase(spooled);\n      }",
      },
      {
        file: `${FORWARDING}/drain.ts`,
        from: '      this.#removeFromWindow(spooled);\n      this.#ports.erase(spooled);\n',
        to: '      this.#removeFromWindow(spooled);\n',
      },
    ],
  },
  'refuses events while the broker is unreachable': {
    seed: 22,
    check: REFUSED,
    edits: [
      {
        file: `${FORWARDING}/durable-publisher.ts`,
        from: '      await this.#options.spool.append(',
        to: "      if (this.#broker.state() === 'unreachable') throw new SpoolError('failing');\n      await this.#options.spool.append(",
      },
    ],
  },
};
