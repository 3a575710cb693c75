import { MAX_MESSAGE_BYTES } from './event';
import { evidenceOf } from './evidence';
import { endOf } from './fault-bounds';
import { type Fault } from './faults';
import { type Check } from './oracle';
import { laneOfQueue, laneQueues } from './places';
import { type World } from './world';

/** Requests of a worker beyond its concurrency and the sixteenth that is kept for other keys: what finds out whether PagerDuty works. */
const PROBES = 1;
/**
 * In any second. Of steps, half as many again as the most in 370 worlds: 10,181, when a worker catches up with 750 events. Of the
 * others about twice the most in 1,000 worlds: 27 and 5; of channels and passive declarations 43 and 32 in 800 worlds, when all workers
 * connect again.
 */
const STEPS_PER_SECOND = 15_000;
const CONNECTS_PER_SECOND = 60;
const REQUESTS_OF_MESSAGE_PER_SECOND = 10;
const CHANNELS_PER_SECOND = 90;
const DECLARES_PER_SECOND = 70;
const SECOND_MS = 1_000;
/** How often a queue may get a consumer in any minute, each time for a fault or a renewal: 8 times at most in 800 worlds. */
const TAKEOVERS_PER_MINUTE = 15;
const MINUTE_MS = 60_000;
/** After all faults have ended and everything is drained, lanes find their workers: within 0.8 s in 800 worlds. */
const SETTLED_MS = 5_000;
/** A worker that could not connect does so later: an attempt that began before takes 10 s, and so may its pause. */
const RECONNECTED_MS = 25_000;

/** Of connections: a worker asks on a connection of its own whether a queue answers, which may cost it. */
const EXPECTED_CLOSURE = / scouting: .*: 541 /;
/**
 * Of channels: a gateway learns so what the broker does not take; a queue is missing only until it is declared; a worker that
 * asks whether a queue answers is refused a message.
 */
const EXPECTED_ERRORS =
  / is larger than configured max size |\(no queue |\(no exchange 'pdaltagent\.journal'| scouting .*cannot obtain access to locked queue /;

/** In their order. */
type Times = readonly (readonly [name: string, at: number])[];

/** Memory, errors of the broker, and nothing loops. */
export const CHECKS_OF_BOUNDS = {
  'the documented limits of memory are kept': ({ world, drainedAt, peaks }) => {
    const { prefetch, concurrency, maxInFlight, spoolBytes } = world.sizes;
    const gateways = [...world.broker.mostUnconfirmed].filter(([client]) => client.startsWith('gateway'));
    const workers = drainedAt === undefined ? [] : world.workers;
    const left = Math.max(0, ...workers.map(({ held }) => held));
    const leftBytes = Math.max(0, ...workers.map(({ heldBytes }) => heldBytes));
    const windows = prefetch * laneQueues().length;
    return exceeded([
      ['unconfirmed events of one lane', Math.max(0, ...gateways.map(([, most]) => most)), Math.ceil(maxInFlight / 4)],
      [
        'concurrent requests of a worker',
        world.pagerDuty.requests.mostConcurrent,
        concurrency + Math.ceil(concurrency / 16) + PROBES,
      ],
      ['messages in the memory of a worker', peaks.held, windows],
      ['bytes in the memory of a worker', peaks.heldBytes, windows * MAX_MESSAGE_BYTES],
      ['bytes in a spool', Math.max(...world.gateways.map(({ volume }) => volume.mostBytes)), spoolBytes],
      ['messages in the memory of a worker when all is drained', left, 0],
      ['bytes in the memory of a worker when all is drained', leftBytes, 0],
    ]);
  },

  'a throttled key waits for as long as PagerDuty asks': ({ world }) =>
    world.pagerDuty.retryAfters.early.map((request) => {
      const { id, event, process } = request;
      const detail = `${id}: ${process.name} does not wait`;
      return { detail, alert: event.alert, messages: [id], evidence: evidenceOf(request) };
    }),

  'the broker closes no connection because of an error': ({ world }) =>
    world.network.errors.flatMap((detail) => (EXPECTED_CLOSURE.test(detail) ? [] : [{ detail }])),

  'the broker closes no channel but for a message that is too large or a queue that is not declared yet': ({ world }) =>
    world.broker.channelErrors.flatMap((detail) => (EXPECTED_ERRORS.test(detail) ? [] : [{ detail }])),

  'a spool counts what is in it': ({ world, drainedAt }) =>
    world.gateways.flatMap(({ name, volume, countedBytes = volume.records.bytes }) =>
      drainedAt === undefined || countedBytes === volume.records.bytes
        ? []
        : [{ detail: `${name} counts ${countedBytes} bytes in its spool, not ${volume.records.bytes}` }],
    ),

  'nothing loops': ({ world, faults, drainedAt, peaks }) =>
    exceeded([
      ['steps in a second', peaks.stepsPerSecond, STEPS_PER_SECOND],
      ['connection attempts in a second', peaks.connectsPerSecond, CONNECTS_PER_SECOND],
      ['channels opened in a second', peaks.channelsPerSecond, CHANNELS_PER_SECOND],
      ['passive declarations in a second', peaks.declaresPerSecond, DECLARES_PER_SECOND],
      [
        'requests for a message in a second',
        mostWithin(SECOND_MS, timesOfRequests(world)),
        REQUESTS_OF_MESSAGE_PER_SECOND,
      ],
      ['takeovers of a queue in a minute', mostWithin(MINUTE_MS, timesOfTakeovers(world)), TAKEOVERS_PER_MINUTE],
      ['takeovers after all faults ended and everything was drained', takeoversAfter(world, faults, drainedAt), 0],
    ]),
} satisfies Readonly<Record<string, Check>>;

/** By message. */
function timesOfRequests({ pagerDuty: { requests } }: World): Times {
  return requests.all.map(({ id, at }) => [id, at]);
}

/** By queue of a lane. */
function timesOfTakeovers({ broker }: World): Times {
  return broker.activations.filter(({ queue }) => laneOfQueue(queue) !== undefined).map(({ queue, at }) => [queue, at]);
}

function takeoversAfter(world: World, faults: readonly Fault[], drainedAt: number | undefined): number {
  if (drainedAt === undefined) return 0;
  const settledAt = Math.max(drainedAt + SETTLED_MS, ...faults.map((fault) => endOf(fault) + RECONNECTED_MS));
  return timesOfTakeovers(world).filter(([, at]) => at > settledAt).length;
}

/** The most of one name within so long; ms. */
function mostWithin(ms: number, times: Times): number {
  const recent = new Map<string, readonly number[]>();
  let most = 0;
  for (const [name, at] of times) {
    const own = [...(recent.get(name) ?? []).filter((time) => time > at - ms), at];
    recent.set(name, own);
    most = Math.max(most, own.length);
  }
  return most;
}

function exceeded(measured: readonly (readonly [what: string, value: number, most: number])[]) {
  return measured.flatMap(([what, value, most]) =>
    value <= most ? [] : [{ detail: `${Number(value.toFixed(1))} ${what}, not ${most}` }],
  );
}
