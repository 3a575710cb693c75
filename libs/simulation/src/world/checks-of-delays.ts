import { acceptanceOf, evidenceOf } from './evidence';
import { endOf, FAULT_BOUNDS } from './fault-bounds';
import { type Fault } from './faults';
import { type Check } from './oracle';
import { type Processed } from './simulated-pagerduty';
import { keyOf } from './targets';

/**
 * How long an event may take while no more than keys of others make no progress; ms. In 800 worlds 99 % of the events took less
 * than 1.6 s, and the slowest 2.5 s: a key whose requests hang is parked after more than two seconds.
 */
const UNRELATED_DELAY_MS = 3_000;
/**
 * The same if a key hangs, recovers, and hangs again: its requests are interrupted no more than once a minute, so that the
 * others wait for their timeout (docs/architecture.md, "Known limits"). The slowest took 14.4 s.
 */
const HANGS_AGAIN_DELAY_MS = 18_000;

/** From when to when; ms. */
type Span = readonly [from: number, to: number];

/** No key delays another: also not if PagerDuty throttles it, nor after its lane got another worker. */
export const CHECKS_OF_DELAYS = {
  'keys that make no progress do not delay the others': ({ world, faults }) => {
    const disturbed = disturbedBy(faults);
    if (disturbed === undefined) return [];
    const { seed } = world.scheduler;
    const { publications } = world.broker;
    const ofKeys = faults.filter(({ kind }) => FAULT_BOUNDS[kind].disturbedMs === 'its key');
    const noisyKeys = new Set([...ofKeys.map((fault) => keyOf(seed, fault)), ...world.pagerDuty.throttledKeys]);
    const bound = hangsAgain(seed, faults) ? HANGS_AGAIN_DELAY_MS : UNRELATED_DELAY_MS;
    const arrivals = new Map<string, Processed>();
    for (const processed of world.pagerDuty.processed)
      if (!arrivals.has(processed.request.id)) arrivals.set(processed.request.id, processed);
    return world.senders.accepted.flatMap((accepted) => {
      const { id, event, at } = accepted;
      const arrival = arrivals.get(id);
      // Keys that share a siding may delay each other (docs/architecture.md, "Known limits").
      if (arrival === undefined || noisyKeys.has(event.routingKey) || publications.isMoved(id)) return [];
      const delay = outside(disturbed, [at, arrival.at]);
      if (delay <= bound) return [];
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
} satisfies Readonly<Record<string, Check>>;

/** When events may wait because of other faults than those of keys; undefined if that is not judged. In the order of their beginnings. */
function disturbedBy(faults: readonly Fault[]): readonly Span[] | undefined {
  const spans: Span[] = [];
  for (const fault of faults) {
    const { disturbedMs } = FAULT_BOUNDS[fault.kind];
    if (disturbedMs === 'not judged') return undefined;
    if (typeof disturbedMs === 'number') spans.push([fault.at, endOf(fault) + disturbedMs]);
  }
  return spans.sort(([left], [right]) => left - right);
}

function hangsAgain(seed: number, faults: readonly Fault[]): boolean {
  const hanging = faults.filter(({ kind }) => kind === 'a key hangs').map((fault) => keyOf(seed, fault));
  // Some requests of a key whose events are processed late are answered in time.
  return (
    new Set(hanging).size < hanging.length || faults.some(({ kind }) => kind === "a key's events are processed late")
  );
}

/** How much of a time is outside of these spans; ms. */
function outside(spans: readonly Span[], [from, to]: Span): number {
  let reached = from;
  let ms = 0;
  for (const [begin, end] of spans) {
    ms += Math.max(0, Math.min(begin, to) - reached);
    reached = Math.max(reached, Math.min(end, to));
  }
  return ms + Math.max(0, to - reached);
}
