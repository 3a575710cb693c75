/** Pairs of a lane and the number of keys that are parked in it, if there are any. */
export type ParkedByLane = readonly (readonly [lane: number, keys: number])[];

/**
 * What workers announce on the status exchange. `group`: only workers of one group share lanes. `lanes`: those it
 * consumes. `tables`: it lists parked keys in the lanes' tables; older versions do not. `olderHeardMs`: how long ago it heard one of
 * these, if that matters. `parked`: how many it has parked, by lane.
 */
export type Announcement =
  | {
      readonly kind: 'here';
      readonly member: string;
      readonly group: string;
      readonly asks: boolean;
      readonly lanes: readonly number[];
      readonly tables: boolean;
      readonly olderHeardMs?: number | undefined;
      readonly parked: ParkedByLane;
    }
  | { readonly kind: 'gone'; readonly member: string; readonly group: string };

/** Parses an announcement; undefined if the content is something else. */
export function announcementOf(content: Buffer): Announcement | undefined {
  const { kind, member, group, asks, lanes, tables, olderHeardMs, parked } = objectOf(content) ?? {};
  if (typeof member !== 'string' || typeof group !== 'string') return undefined;
  if (kind === 'gone') return { kind, member, group };
  if (kind !== 'here') return undefined;
  const numbers = Array.isArray(lanes) ? lanes.filter((lane): lane is number => typeof lane === 'number') : [];
  return {
    kind,
    member,
    group,
    asks: asks === true,
    lanes: numbers,
    tables: tables === true,
    olderHeardMs: typeof olderHeardMs === 'number' && olderHeardMs >= 0 ? olderHeardMs : undefined,
    parked: parkedByLane(parked),
  };
}

/** Parses pairs of a lane and a number of parked keys; older versions send none. */
export function parkedByLane(value: unknown): ParkedByLane {
  if (!Array.isArray(value)) return [];
  return value.filter(Array.isArray).flatMap(([lane, keys]: readonly unknown[]) => {
    return typeof lane === 'number' && typeof keys === 'number' ? [[lane, keys] as const] : [];
  });
}

/** Parses a JSON object; undefined if the content is something else. */
export function objectOf(content: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(content.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
