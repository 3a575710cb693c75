import { MAX_MESSAGE_BYTES } from './event';
import { acceptanceOf, evidenceOf } from './evidence';
import { KEY_FAULTS } from './faults';
import { type Check } from './oracle';
import { laneOfQueue, laneQueues } from './places';
import { type Processed } from './simulated-pagerduty';
import { keyOf } from './targets';
import { type World } from './world';

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
/** In any second, about twice the most in 1,000 worlds: 4,685, 27 and 5. */
const STEPS_PER_SECOND = 10_000;
const CONNECTS_PER_SECOND = 60;
const REQUESTS_OF_MESSAGE_PER_SECOND = 10;
const WINDOW_MS = 1_000;

/** Of connections: a queue does not answer. */
const NO_ANSWER = /: 541 /;
/** Of channels: a gateway learns so what the broker does not take; a queue is missing only until it is declared. */
const EXPECTED_ERRORS = / is larger than configured max size |\(no queue /;

/** No key delays another, no lane interrupts others, nothing loops. */
export const CHECKS_OF_BOUNDS = {
  'keys that make no progress do not delay the others': ({ world, faults }) => {
    if (faults.some(({ kind }) => !KEY_FAULTS.includes(kind)) || world.pagerDuty.rate !== Infinity) return [];
    const { seed } = world.scheduler;
    const affectedKeys = new Set(faults.map((fault) => keyOf(seed, fault)));
    const hanging = faults.filter(({ kind }) => kind === 'a key hangs').map((fault) => keyOf(seed, fault));
    // Some requests of a key whose events are processed late are answered in time.
    const hangsAgain =
      new Set(hanging).size < hanging.length || faults.some(({ kind }) => kind === "a key's events are processed late");
    const bound = hangsAgain ? HANGS_AGAIN_DELAY_MS : UNRELATED_DELAY_MS;
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

  'the documented limits of memory are kept': ({ world, drainedAt, peaks }) => {
    const { prefetch, concurrency, maxInFlight, spoolBytes } = world.sizes;
    const gateways = [...world.broker.mostUnconfirmed].filter(([client]) => client.startsWith('gateway'));
    const left = drainedAt === undefined ? 0 : Math.max(...world.workers.map(({ held }) => held));
    return exceeded([
      ['unconfirmed events of one lane', Math.max(0, ...gateways.map(([, most]) => most)), Math.ceil(maxInFlight / 4)],
      [
        'concurrent requests of a worker',
        world.pagerDuty.requests.mostConcurrent,
        concurrency + Math.ceil(concurrency / 16) + PROBES,
      ],
      ['messages in the memory of a worker', peaks.held, prefetch * laneQueues().length],
      ['bytes that workers hold of a queue', peaks.bytesOfQueue, prefetch * MAX_MESSAGE_BYTES],
      ['bytes that workers hold', peaks.bytesOfQueues, prefetch * laneQueues().length * MAX_MESSAGE_BYTES],
      ['bytes in a spool', Math.max(...world.gateways.map(({ volume }) => volume.mostBytes)), spoolBytes],
      ['messages in the memory of a worker when all is drained', left, 0],
    ]);
  },

  'a throttled key waits for as long as PagerDuty asks': ({ world }) =>
    world.pagerDuty.retryAfters.early.map((request) => {
      const { id, event, process } = request;
      const detail = `${id}: ${process.name} does not wait`;
      return { detail, alert: event.alert, messages: [id], evidence: evidenceOf(request) };
    }),

  'the broker closes no connection because of an error': ({ world }) =>
    world.network.errors.flatMap((detail) => (NO_ANSWER.test(detail) ? [] : [{ detail }])),

  'the broker closes no connection because a queue does not answer': ({ world }) =>
    world.broker.observations.flatMap(({ what, at, queue, client }) => {
      if (what !== 'a connection is closed because a queue does not answer') return [];
      const detail = `${client ?? 'a connection'}: ${queue} does not answer`;
      const lane = laneOfQueue(queue);
      return [{ detail, evidence: [{ at, text: detail }], ...(lane !== undefined && { lane }) }];
    }),

  'the broker closes no channel but for a message that is too large or a queue that is not declared yet': ({ world }) =>
    world.broker.channelErrors.flatMap((detail) => (EXPECTED_ERRORS.test(detail) ? [] : [{ detail }])),

  'a spool counts what is in it': ({ world, drainedAt }) =>
    world.gateways.flatMap(({ name, volume, countedBytes = volume.records.bytes }) =>
      drainedAt === undefined || countedBytes === volume.records.bytes
        ? []
        : [{ detail: `${name} counts ${countedBytes} bytes in its spool, not ${volume.records.bytes}` }],
    ),

  'nothing loops': ({ world, peaks }) =>
    exceeded([
      ['steps in a second', peaks.stepsPerSecond, STEPS_PER_SECOND],
      ['connection attempts in a second', peaks.connectsPerSecond, CONNECTS_PER_SECOND],
      ['requests for a message in a second', mostInWindow(world), REQUESTS_OF_MESSAGE_PER_SECOND],
    ]),
} satisfies Readonly<Record<string, Check>>;

/** The most requests for one message within a second. */
function mostInWindow({ pagerDuty: { requests } }: World): number {
  const recent = new Map<string, number[]>();
  let most = 0;
  for (const { id, at } of requests.all) {
    const times = (recent.get(id) ?? []).filter((time) => time > at - WINDOW_MS);
    times.push(at);
    recent.set(id, times);
    most = Math.max(most, times.length);
  }
  return most;
}

function exceeded(measured: readonly (readonly [what: string, value: number, most: number])[]) {
  return measured.flatMap(([what, value, most]) =>
    value <= most ? [] : [{ detail: `${Number(value.toFixed(1))} ${what}, not ${most}` }],
  );
}
