import { type Fault, type FaultKind } from './faults';

/** How soon the product has recovered from a fault, by what is documented and a little more. */
export interface FaultBounds {
  /** How long after it, and after the senders, have ended everything may take to be drained; ms. */
  readonly drainMs: number;
  /**
   * How long after its end events may still wait because of it, which they may while it goes on; ms. 'nothing': no event may wait.
   * 'its key': it concerns one key alone, no others may wait. 'not judged': they may wait for long.
   */
  readonly disturbedMs: number | 'nothing' | 'its key' | 'not judged';
  /** How long it goes on; the same as the fault if it is missing. 'a moment': it ends at once. A number: ms longer. */
  readonly lasts?: number | 'a moment';
}

/** Some faults last longer than others: after 65 s the broker closes a connection that waits for a queue; ms. */
export const LONG_MS = 70_000;

/** A key waits for 30 s at most between two attempts, and an attempt takes 15 s at most. In 800 worlds it took 28 s at most. */
const DRAIN_MS = 45_000;
/**
 * The same if queues change their nodes: that commands were lost is noticed when a request times out, or at the second look at
 * the counts of the queues, one every 10 s, and the lane is then released, which takes up to 5 s for each of its queues. In 109
 * worlds that recovered it took 54 s at most.
 */
const NODES_DRAIN_MS = 75_000;
/** The alarm may go on until the rest is drained; a gateway then waits 60 s for confirms before it opens a channel again. */
const ALARM_DRAIN_MS = NODES_DRAIN_MS + 60_000;

/** A lane that lost its worker is taken again within 3 s, and its new owner waits for another 5 s. */
const TAKEN_MS = 9_000;
/** Who cannot connect tries again within 5 s. */
const RECONNECTED_MS = 5_000 + TAKEN_MS;
/** An attempt to connect that began during the fault ends with its timeout. */
const CONNECTED_MS = 10_000 + TAKEN_MS;
/** So does a request to PagerDuty; its key may wait for 30 s then. */
const RESPONDED_MS = 15_000 + 30_000 + TAKEN_MS;
/** Who loses a connection silently notices it when heartbeats are missing, after 10 s, and the other side no later than 10 s after. */
const SILENT_MS = 20_000 + TAKEN_MS;

const unnoticed: FaultBounds = { drainMs: DRAIN_MS, disturbedMs: 'nothing' };
const ofKey: FaultBounds = { drainMs: DRAIN_MS, disturbedMs: 'its key' };
const taken: FaultBounds = { drainMs: DRAIN_MS, disturbedMs: TAKEN_MS };
const connected: FaultBounds = { drainMs: DRAIN_MS, disturbedMs: CONNECTED_MS };
const responded: FaultBounds = { drainMs: DRAIN_MS, disturbedMs: RESPONDED_MS };
const late: FaultBounds = { drainMs: DRAIN_MS, disturbedMs: 'not judged' };
const lateNodes: FaultBounds = { drainMs: NODES_DRAIN_MS, disturbedMs: 'not judged' };

export const FAULT_BOUNDS: Readonly<Record<FaultKind, FaultBounds>> = {
  'a lane does not answer': connected,
  'a siding does not answer': late,
  'a siding has no leader': { ...late, lasts: LONG_MS },
  'a lane has no leader': { ...late, lasts: LONG_MS },
  'the broker blocks publishing': taken,
  'the backlog raises an alarm': { ...late, drainMs: ALARM_DRAIN_MS },
  'the broker is slow': taken,
  'a queue is slow': late,
  'the broker restarts': { drainMs: DRAIN_MS, disturbedMs: RECONNECTED_MS },
  'a node is killed': { drainMs: NODES_DRAIN_MS, disturbedMs: CONNECTED_MS },
  'a node is cut off from the others': lateNodes,
  'a majority of the nodes is killed': lateNodes,
  'two nodes lose each other': lateNodes,
  "a lane's leader changes": { ...taken, lasts: 'a moment' },
  'the broker is unreachable': connected,
  'connections break': { drainMs: DRAIN_MS, disturbedMs: SILENT_MS, lasts: 'a moment' },
  'a connection is held up': taken,
  'a gateway is killed': taken,
  'a gateway loses power': taken,
  'a gateway is paused': taken,
  'a worker is killed': taken,
  'a worker is paused': taken,
  'a worker is stopped': taken,
  'lanes are renewed often': taken,
  'a clock jumps': { ...taken, lasts: 'a moment' },
  'a disk is full': taken,
  'a disk is slow': taken,
  'a disk does not sync': taken,
  'Redis is lost': taken,
  'Redis is read-only': taken,
  'Redis is full': { ...unnoticed, lasts: LONG_MS },
  'Redis cannot save': { ...unnoticed, lasts: LONG_MS },
  'Redis fails over': { ...taken, lasts: 'a moment' },
  'PagerDuty answers 500': responded,
  'PagerDuty answers HTML': responded,
  'PagerDuty is slow': responded,
  'PagerDuty hangs': responded,
  'PagerDuty is unreachable': responded,
  'PagerDuty loses responses': responded,
  'PagerDuty processes late': responded,
  'a key is throttled': ofKey,
  'a key fails': ofKey,
  'a key hangs': ofKey,
  'a key is slow': { ...ofKey, lasts: LONG_MS },
  "a key's events are processed late": ofKey,
};

/** When a fault has ended; ms. */
export function endOf({ kind, at, ms }: Fault): number {
  const { lasts = 0 } = FAULT_BOUNDS[kind];
  return lasts === 'a moment' ? at : at + ms + lasts;
}
