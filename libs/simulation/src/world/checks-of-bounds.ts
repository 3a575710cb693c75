import { acceptanceOf, evidenceOf } from './evidence';
import { type Fault, KEY_FAULTS } from './faults';
import { type Check } from './oracle';
import { laneQueues } from './places';
import { type Processed } from './simulated-pagerduty';
import { KEYS } from './world';

/**
 * How long an event may take if only keys of others make no progress; ms. In 556 worlds with such keys half of 90,000 events
 * took 7 ms, 99 % less than 1.6 s, and the slowest 2.5 s: a key whose requests hang is parked after more than two seconds.
 */
const UNRELATED_DELAY_MS = 3_000;
/**
 * The same if a key hangs, recovers, and hangs again: its requests are interrupted no more than once a minute, so that the
 * others wait for their timeout (docs/architecture.md, "Known limits"). The slowest took 14.4 s.
 */
const HANGS_AGAIN_DELAY_MS = 18_000;
/** Requests of a worker beyond its concurrency and the sixteenth that is kept for other keys: what finds out whether PagerDuty works. */
const PROBES = 1;
/** On average over the simulated time, about 2.5 times the most in 250 worlds: 391, 2.6 and 1.4. */
const STEPS_PER_SECOND = 1_000;
const CONNECTS_PER_SECOND = 6;
const REQUESTS_PER_EVENT = 4;

/** No key delays another, no lane interrupts others, nothing loops. */
export const CHECKS_OF_BOUNDS: Readonly<Record<string, Check>> = {
  'keys that make no progress do not delay the others': ({ world, faults }) => {
    if (faults.some(({ kind }) => !KEY_FAULTS.includes(kind)) || world.pagerDuty.rate !== Infinity) return [];
    const affectedKeys = new Set(faults.map(keyOf));
    const hanging = faults.filter(({ kind }) => kind === 'a key hangs').map(keyOf);
    const bound = new Set(hanging).size < hanging.length ? HANGS_AGAIN_DELAY_MS : UNRELATED_DELAY_MS;
    const arrivals = new Map<string, Processed>();
    for (const processed of world.pagerDuty.processed)
      if (!arrivals.has(processed.request.id)) arrivals.set(processed.request.id, processed);
    return world.senders.accepted.flatMap((accepted) => {
      const { id, event, at } = accepted;
      const arrival = arrivals.get(id);
      const delay = (arrival?.at ?? at) - at;
      if (arrival === undefined || affectedKeys.has(event.routingKey) || delay <= bound) return [];
      return [
        {
          detail: `${id} took ${Math.round(delay)} ms, not ${bound}`,
          alert: event.alert,
          messages: [id],
          evidence: [acceptanceOf(accepted), ...evidenceOf(arrival.request)],
        },
      ];
    });
  },

  'the documented limits of memory are kept': ({ world, drainedAt, mostHeld }) => {
    const { prefetch, concurrency, maxInFlight } = world.sizes;
    const gateways = [...world.broker.mostUnconfirmed].filter(([client]) => client.startsWith('gateway'));
    const left = drainedAt === undefined ? 0 : Math.max(...world.workers.map(({ held }) => held));
    return exceeded([
      ['unconfirmed events of one lane', Math.max(0, ...gateways.map(([, most]) => most)), Math.ceil(maxInFlight / 4)],
      [
        'concurrent requests of a worker',
        world.pagerDuty.requests.mostConcurrent,
        concurrency + Math.ceil(concurrency / 16) + PROBES,
      ],
      ['messages in the memory of a worker', mostHeld, prefetch * laneQueues().length],
      ['messages in the memory of a worker when all is drained', left, 0],
    ]);
  },

  'the broker closes no connection because of an error': ({ world }) =>
    world.network.errors.map((detail) => ({ detail })),

  'nothing loops': ({ world }) => {
    const seconds = world.scheduler.now / 1_000;
    return exceeded([
      ['steps per second', world.scheduler.steps / seconds, STEPS_PER_SECOND],
      ['connection attempts per second', world.network.attempts / seconds, CONNECTS_PER_SECOND],
      [
        'requests per event',
        world.pagerDuty.requests.all.length / Math.max(1, world.senders.accepted.length),
        REQUESTS_PER_EVENT,
      ],
    ]);
  },
};

function keyOf({ target }: Fault): string | undefined {
  return KEYS[Math.floor(target * KEYS.length)];
}

function exceeded(measured: readonly (readonly [what: string, value: number, most: number])[]) {
  return measured.flatMap(([what, value, most]) =>
    value <= most ? [] : [{ detail: `${Number(value.toFixed(1))} ${what}, not ${most}` }],
  );
}
