// Faults put into the product, to prove that the simulation finds them: `npm run simulate -- --mutant <name>`. Each is a
// patch of sources, applied while they are bundled (bundle.mjs).

const MESSAGING = 'libs/messaging/src';
const FORWARDING = 'libs/forwarding/src';

// What a mutant violates: names of checks (src/world/checks-of-*.ts, simulate.ts).
const LOST = 'every message that was answered with 202 is delivered, a dead letter, quarantined or still held';
const STUCK = 'everything is drained in time after the faults end';
const LATE = 'an event is processed after a later one of its alert only for a documented reason';
const OVERLAP = 'a request starts only once the one before it of its alert has ended';
const REPEATED = 'a message is processed again only for a documented reason';
const DELAYED = 'keys that make no progress do not delay the others';
const MEMORY = 'the documented limits of memory are kept';
const IMPATIENT = 'a throttled key waits for as long as PagerDuty asks';
const REFUSED = 'a gateway refuses an event only if it cannot store it';
const UNHANDLED = 'every error is handled';

/**
 * By name: a seed that shows it, or undefined if none is known; the fault without which no seed does, if there is one; the check
 * that it then violates; its edits.
 */
export const MUTANTS = {
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
    edits: [{ file: 'libs/spool/src/spool-folder.ts', from: '{ sync: group.length > 0 }', to: '{ sync: false }' }],
  },
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
    seed: 5,
    check: STUCK,
    edits: [{ file: `${MESSAGING}/lane-owner.ts`, from: '    await this.#isolation.loadSidings();\n', to: '' }],
  },
  'trusts its own count of the messages in a siding': {
    seed: undefined,
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
    seed: 1,
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
    seed: 1464,
    check: STUCK,
    edits: [
      {
        file: `${MESSAGING}/isolation.ts`,
        from: '      if (consumerCount === 0) return messageCount;',
        to: '      if (consumerCount >= 0) return messageCount;',
      },
    ],
  },
  'does not send again from the oldest unconfirmed event': {
    seed: 123,
    check: LATE,
    edits: [
      {
        file: `${FORWARDING}/drain.ts`,
        from: "    this.#cursor = BEGINNING;\n    if (this.#reading === 'reading') this.#reading = 'stale';",
        to: "    if (this.#reading === 'reading') this.#reading = 'stale';",
      },
    ],
  },
  'sends events of one alert concurrently': {
    seed: 1,
    check: OVERLAP,
    edits: [
      {
        file: `${MESSAGING}/message.ts`,
        from: '    orderKey,\n',
        to: '    orderKey: id,\n',
      },
    ],
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
    seed: 407,
    check: REPEATED,
    edits: [
      {
        file: `${MESSAGING}/broker-liveness.ts`,
        from: 'return monotonic - this.#heard.monotonic < OWNED_FOR_MS && Math.abs(wall - this.#heard.wall) < OWNED_FOR_MS;',
        to: 'return monotonic > 0 && wall > 0;',
      },
    ],
  },
  'forgets a delivered id': {
    seed: 74,
    check: REPEATED,
    edits: [
      {
        file: `${MESSAGING}/delivery-executor.ts`,
        from: '    await this.#ports.delivered.add(message.id);\n    message.lane.ack(message);',
        to: '    message.lane.ack(message);',
      },
    ],
  },
  'parks no key': {
    seed: 152,
    check: DELAYED,
    edits: [
      {
        file: `${MESSAGING}/isolation.ts`,
        from: 'else if (this.#options.lane.held.size >= this.#options.laneGroup.prefetch) this.#chooseKey();',
        to: '',
      },
    ],
  },
  'makes more requests than its concurrency': {
    seed: 3,
    check: MEMORY,
    edits: [
      {
        file: 'libs/delivery/src/fair-scheduler.ts',
        from: 'this.#slots = concurrency + ',
        to: 'this.#slots = 2 * concurrency + ',
      },
    ],
  },
  'keeps the messages of a lost lane in memory': {
    seed: 154,
    check: MEMORY,
    edits: [
      {
        file: `${MESSAGING}/lane-owner.ts`,
        from: '    for (const consumer of this.#consumers()) this.#options.dispatcher.forget(consumer.held);\n',
        to: '',
      },
    ],
  },
  'does not handle an error of Redis': {
    seed: 45,
    check: UNHANDLED,
    edits: [
      {
        file: `${MESSAGING}/delivered-ids.ts`,
        from: 'await this.#markers.mark(id).catch(() => undefined);',
        to: 'await this.#markers.mark(id);',
      },
    ],
  },
  'refuses events while the broker is unreachable': {
    seed: 6,
    check: REFUSED,
    edits: [
      {
        file: `${FORWARDING}/durable-publisher.ts`,
        from: '      await this.#options.spool.append(lane, sequence, record);',
        to: "      if (this.#broker.state() === 'unreachable') throw new SpoolError('failing');\n      await this.#options.spool.append(lane, sequence, record);",
      },
    ],
  },
  'ignores a Retry-After that comes while the key waits': {
    seed: 17,
    check: IMPATIENT,
    edits: [
      {
        file: 'libs/delivery/src/fair-scheduler.ts',
        from: 'if (key.stopWaiting !== undefined && !(isRequested && until > key.waitsUntil)) return;',
        to: 'if (key.stopWaiting !== undefined) return;',
      },
    ],
  },
  'acknowledges a dead letter that was not written': {
    seed: 142,
    check: LOST,
    edits: [
      {
        file: `${MESSAGING}/dead-letter-publisher.ts`,
        from: '        await delay(this.#clock, RETRY_MS);\n',
        to: "        return 'confirmed';\n",
      },
    ],
  },
  'erases a spooled event before its confirm': {
    seed: 20,
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
  'goes on with a lane whose channel is lost': {
    seed: 137,
    check: OVERLAP,
    edits: [
      {
        file: `${MESSAGING}/lane-worker.ts`,
        from: '    for (const owner of this.#lanes.owners) owner.lose();\n',
        to: '',
      },
      { file: `${MESSAGING}/lane-consumer.ts`, from: "    channel.on('close', () => this.lose());\n", to: '' },
    ],
  },
  'releases a lane during its requests': {
    seed: 39,
    check: MEMORY,
    edits: [
      {
        file: `${MESSAGING}/lane-owner.ts`,
        from: '    await Promise.all(consumers.map((consumer) => consumer.whenDrained()));\n',
        to: '',
      },
    ],
  },
};
