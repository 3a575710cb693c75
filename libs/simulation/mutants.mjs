// Faults put into the product, to prove that the simulation finds them: `npm run simulate -- --mutant <name>`. Each is a
// patch of sources, applied while they are bundled.

const MESSAGING = 'libs/messaging/src';
const FORWARDING = 'libs/forwarding/src';

/** By name: its edits, and a seed that finds it, or undefined if none is known. */
export const MUTANTS = {
  'answers before the confirm': {
    seed: 1,
    edits: [
      {
        file: `${FORWARDING}/lane-forwarder.ts`,
        from: 'this.#direct.set(sequence, { event, sentAt: this.#clock.monotonic() });',
        to: "this.#ports.respond(sequence, 'durable');",
      },
    ],
  },
  'answers before the sync': {
    seed: 59,
    edits: [{ file: 'libs/spool/src/spool-folder.ts', from: '{ sync: group.length > 0 }', to: '{ sync: false }' }],
  },
  'acknowledges a moved message before its confirm': {
    seed: 176,
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
    seed: 1,
    edits: [{ file: `${MESSAGING}/lane-owner.ts`, from: '    await this.#isolation.loadSidings();\n', to: '' }],
  },
  'trusts its own count of the messages in a siding': {
    seed: undefined,
    edits: [
      {
        file: `${MESSAGING}/isolation.ts`,
        from: '      if (messages > 0) return await this.#takeOver(siding, messages);\n',
        to: '      void messages;\n',
      },
    ],
  },
  'reads a lane before its sidings are loaded': {
    seed: 5,
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
    edits: [
      {
        file: `${MESSAGING}/isolation.ts`,
        from: '    siding.move([message]);\n    return true;',
        to: '    return false;',
      },
    ],
  },
  'parks a key while an attempt is in flight': {
    seed: 4,
    edits: [
      {
        file: `${MESSAGING}/isolation.ts`,
        from: '    if (held.some((message) => dispatcher.isBusy(message))) return dispatcher.preemption.interrupt(routingKey);\n',
        to: '',
      },
    ],
  },
  'moves the messages of one alert concurrently': {
    seed: undefined,
    edits: [{ file: `${MESSAGING}/siding-move.ts`, from: '    if (previous !== undefined) await previous;\n', to: '' }],
  },
  'counts a siding that another worker still consumes': {
    seed: undefined,
    edits: [
      {
        file: `${MESSAGING}/isolation.ts`,
        from: '      if (consumerCount === 0) return messageCount;',
        to: '      if (consumerCount >= 0) return messageCount;',
      },
    ],
  },
  'does not send again from the oldest unconfirmed event': {
    seed: 69,
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
    edits: [
      {
        file: `${MESSAGING}/message.ts`,
        from: '    orderKey,\n',
        to: '    orderKey: id,\n',
      },
    ],
  },
  'measures waiting times with the wall clock': {
    seed: 1845,
    edits: [
      {
        file: `${MESSAGING}/delivery-executor.ts`,
        from: 'destinationOf, clock, random }',
        to: 'destinationOf, random, clock: { monotonic: () => clock.wall(), wall: () => clock.wall(), after: (ms: number, run: () => void) => clock.after(ms, run) } }',
      },
    ],
  },
  'keeps a lane that the broker gave to another worker': {
    seed: 55,
    edits: [
      {
        file: `${MESSAGING}/broker-liveness.ts`,
        from: 'return monotonic - this.#heard.monotonic < OWNED_FOR_MS && Math.abs(wall - this.#heard.wall) < OWNED_FOR_MS;',
        to: 'return monotonic > 0 && wall > 0;',
      },
    ],
  },
  'forgets a delivered id': {
    seed: 49,
    edits: [
      {
        file: `${MESSAGING}/delivery-executor.ts`,
        from: '    await this.#ports.delivered.add(message.id);\n    message.lane.ack(message);',
        to: '    message.lane.ack(message);',
      },
    ],
  },
  'parks no key': {
    seed: 45,
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
    edits: [
      {
        file: 'libs/delivery/src/fair-scheduler.ts',
        from: 'this.#slots = concurrency + ',
        to: 'this.#slots = 2 * concurrency + ',
      },
    ],
  },
  'keeps the messages of a lost lane in memory': {
    seed: 21,
    edits: [
      {
        file: `${MESSAGING}/lane-owner.ts`,
        from: '    for (const consumer of this.#consumers()) this.#options.dispatcher.forget(consumer.held);\n',
        to: '',
      },
    ],
  },
  'does not handle an error of Redis': {
    seed: 5,
    edits: [
      {
        file: `${MESSAGING}/delivered-ids.ts`,
        from: 'await this.#markers.mark(id).catch(() => undefined);',
        to: 'await this.#markers.mark(id);',
      },
    ],
  },
  'refuses events while the broker is unreachable': {
    seed: 1,
    edits: [
      {
        file: `${FORWARDING}/durable-publisher.ts`,
        from: '      await this.#options.spool.append(lane, sequence, record);',
        to: "      if (this.#broker.state() === 'unreachable') throw new SpoolError('failing');\n      await this.#options.spool.append(lane, sequence, record);",
      },
    ],
  },
  'acknowledges a dead letter that was not written': {
    seed: 39,
    edits: [
      {
        file: `${MESSAGING}/dead-letter-publisher.ts`,
        from: '        await delay(this.#clock, RETRY_MS);\n',
        to: "        return 'confirmed';\n",
      },
    ],
  },
};

/** An esbuild plugin that applies a mutant's edits. @throws Error if one does not fit the sources */
export function patching({ edits }) {
  return {
    name: 'mutant',
    setup(build) {
      for (const file of new Set(edits.map((edit) => edit.file))) {
        build.onLoad({ filter: new RegExp(`${file.replace(/[.]/g, '\\.')}$`) }, async ({ path }) => {
          const { readFile } = await import('node:fs/promises');
          let contents = await readFile(path, 'utf8');
          for (const { from, to } of edits.filter((edit) => edit.file === file)) {
            if (contents.split(from).length !== 2) throw new Error(`${file}: not found once: ${from}`);
            contents = contents.replace(from, () => to);
          }
          return { contents, loader: 'ts' };
        });
      }
    },
  };
}
