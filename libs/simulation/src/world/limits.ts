/**
 * The documented limits of order (docs/architecture.md, "Known limits"): why a message may be processed again. None of them
 * permits that a message arrives for the first time after a later one of its alert.
 *
 * `permits` says what else: "late arrival", that the earlier of the two requests arrives after later events, because what has
 * left a worker cannot be recalled; "late repeat", that the later one is sent after later events.
 */
export const LIMITS = {
  'a request arrives after its timeout': { permits: 'late arrival' },
  'an interrupted request arrives': { permits: 'late arrival' },
  'a worker is killed during a request': { permits: 'late arrival' },
  'a worker loses its lane during a request': { permits: 'late arrival' },
  'a response is lost': { permits: 'nothing else' },
  'Redis did not write the marker': { permits: 'late repeat' },
  'Redis lost the marker in a failover': { permits: 'late repeat' },
  'Redis cannot be read': { permits: 'late repeat' },
} as const satisfies Readonly<Record<string, { permits: 'late arrival' | 'late repeat' | 'nothing else' }>>;

export type Limit = keyof typeof LIMITS;
