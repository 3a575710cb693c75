/** What can happen to a world. To add one: name it here, and say in `fault-effects.ts` what it does. */
export const FAULT_KINDS = [
  'a lane does not answer',
  'a siding does not answer',
  'a siding has no leader',
  'a lane has no leader',
  'the broker blocks publishing',
  'the backlog raises an alarm',
  'the broker is slow',
  'a queue is slow',
  'the broker restarts',
  'a node is killed',
  'a node is cut off from the others',
  'a majority of the nodes is killed',
  'two nodes lose each other',
  "a lane's leader changes",
  'the broker is unreachable',
  'connections break',
  'a connection is held up',
  'a gateway is killed',
  'a gateway loses power',
  'a gateway is paused',
  'a worker is killed',
  'a worker is paused',
  'a worker is stopped',
  'lanes are renewed often',
  'a clock jumps',
  'a disk is full',
  'a disk is slow',
  'a disk does not sync',
  'Redis is lost',
  'Redis is read-only',
  'Redis is full',
  'Redis cannot save',
  'Redis fails over',
  'PagerDuty answers 500',
  'PagerDuty answers HTML',
  'PagerDuty is slow',
  'PagerDuty hangs',
  'PagerDuty is unreachable',
  'PagerDuty loses responses',
  'PagerDuty processes late',
  'a key is throttled',
  'a key fails',
  'a key hangs',
  'a key is slow',
  "a key's events are processed late",
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** When it begins; ms. */
  readonly at: number;
  /** How long it lasts; ms. */
  readonly ms: number;
  /** Which one of several it hits: a fraction of their number, in hundredths. */
  readonly target: number;
  /** Whether it hits the lane on which faults of its seed concentrate: that lane, a key, its worker, the node of its leader. */
  readonly isAimed?: boolean;
}

/** Faults begin and end in this time; ms. */
export const FAULTS_FROM_MS = 3_000;
export const FAULTS_UNTIL_MS = 30_000;

/** Faults that concern nothing but some keys. */
export const KEY_FAULTS: readonly FaultKind[] = [
  'a key is throttled',
  'a key fails',
  'a key hangs',
  'a key is slow',
  "a key's events are processed late",
];

export function describeFault({ kind, at, ms, target, isAimed }: Fault): string {
  return `${(at / 1_000).toFixed(3)} s, for ${(ms / 1_000).toFixed(3)} s: ${kind} (${isAimed === true ? 'aimed, ' : ''}target ${target.toFixed(2)})`;
}
