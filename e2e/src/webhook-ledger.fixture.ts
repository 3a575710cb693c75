/** A log entry of the simulator. Times are milliseconds since 1970. */
export interface WrittenEntry {
  readonly id: string;
  readonly createdAt: number;
  /** When it becomes visible to readers. */
  readonly visibleAt: number;
  readonly incidentId: string | null;
}

/** A received webhook. */
export interface WebhookArrival {
  readonly at: number;
  /** X-Webhook-Id, which identifies repeats. */
  readonly webhookId: string;
  readonly entryId: string;
}

export interface WebhookReport {
  readonly entries: number;
  readonly arrivals: number;
  readonly missed: readonly string[];
  readonly unexpected: readonly string[];
  /** Number of repeated webhooks. */
  readonly repeats: number;
  /** Entries whose webhooks had different ids. */
  readonly changedIds: readonly string[];
  /** `incident: later before earlier`, although every read that showed the later one also showed the earlier one. */
  readonly outOfOrder: readonly string[];
  /** Number of entries sent after a later one of their incident, because they became visible only after it was read. */
  readonly late: number;
}

/**
 * Compares written log entries with received webhooks.
 * @param reads times at which log entries were read
 */
export function webhookReport(
  written: readonly WrittenEntry[],
  arrivals: readonly WebhookArrival[],
  reads: readonly number[],
): WebhookReport {
  const ids = new Map<string, Set<string>>();
  const positions = new Map<string, number>();
  for (const [position, { entryId, webhookId }] of arrivals.entries()) {
    if (!positions.has(entryId)) positions.set(entryId, position);
    ids.set(entryId, (ids.get(entryId) ?? new Set()).add(webhookId));
  }
  const known = new Set(written.map(({ id }) => id));
  const { outOfOrder, late } = orderOf(written, positions, reads);
  return {
    entries: written.length,
    arrivals: arrivals.length,
    missed: written.map(({ id }) => id).filter((id) => !positions.has(id)),
    unexpected: [...positions.keys()].filter((id) => !known.has(id)),
    repeats: arrivals.length - positions.size,
    changedIds: [...ids].filter(([, several]) => several.size > 1).map(([id]) => id),
    outOfOrder,
    late,
  };
}

function orderOf(
  written: readonly WrittenEntry[],
  positions: ReadonlyMap<string, number>,
  reads: readonly number[],
): Pick<WebhookReport, 'outOfOrder' | 'late'> {
  const outOfOrder: string[] = [];
  const late = new Set<string>();
  for (const [incident, entries] of grouped(written)) {
    const sorted = [...entries].sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
    for (const [index, earlier] of sorted.entries()) {
      for (const later of sorted.slice(index + 1)) {
        const [first, second] = [positions.get(earlier.id), positions.get(later.id)];
        if (first === undefined || second === undefined || first < second) continue;
        if (wasReadWithout(later, earlier, reads)) late.add(earlier.id);
        else outOfOrder.push(`${incident}: ${later.id} before ${earlier.id}`);
      }
    }
  }
  return { outOfOrder, late: late.size };
}

/** Whether a read may have shown one entry but not the other. */
function wasReadWithout(shown: WrittenEntry, hidden: WrittenEntry, reads: readonly number[]): boolean {
  return reads.some((read) => shown.visibleAt <= read && read < hidden.visibleAt);
}

function grouped(written: readonly WrittenEntry[]): Map<string, WrittenEntry[]> {
  const groups = new Map<string, WrittenEntry[]>();
  for (const entry of written) {
    const key = entry.incidentId ?? entry.id;
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  return groups;
}
