import { type DeadLetter, type HeldReport } from '@pdaltagent/messaging';
import { type ReplayItem, replayItemOf } from '@pdaltagent/operations';
import { instantOf } from '../duration';
import { isStateChange, isSuperseded, type ProgressSince } from './alert-progress';
import { descriptionOf } from './description';

/** Triggers older than this are skipped unless requested: their resolve may have been sent long ago. */
const STALE_AFTER_MS = 3_600_000;

/** An event that a worker holds: it is sent before anything that is replayed now. */
export type HeldByWorker = Pick<HeldReport, 'orderKey' | 'receivedAt' | 'action'>;

/** What can be replayed: a dead letter, or an event in a gateway's quarantine. */
export type Replayable = Pick<DeadLetter, 'id' | 'deadAt' | 'acceptedAt' | 'body' | 'message'>;

export interface PlanOptions {
  readonly now: number;
  /** Whether to send old triggers. */
  readonly includeStale: boolean;
  /** Whether to send events that could undo later progress of their alert. */
  readonly includeSuperseded: boolean;
  /** Where those that are not sent remain. */
  readonly location: 'dead letters' | 'quarantine';
}

export type SkipReason = 'superseded' | 'stale' | 'undeliverable';

export interface PlannedReplay {
  readonly item: ReplayItem;
  readonly action: string;
  readonly alert: string;
  readonly key: string;
  readonly ageMs: number | undefined;
  readonly acceptedAt: number | undefined;
  readonly progress: ProgressSince;
  readonly routingKey: string;
  readonly orderKey: string;
  /** Why it is not sent; undefined: it is sent. */
  readonly skippedBecause: SkipReason | undefined;
}

/** What a replay will do, determined in one pass over all dead letters; bodies are not kept. */
export class Plan {
  readonly items: PlannedReplay[] = [];
  readonly #options: PlanOptions;
  /** By order key: when the events that are not sent became dead letters. */
  readonly #remaining = new Map<string, number[]>();
  /** By order key: what workers hold. */
  readonly #held = new Map<string, HeldByWorker[]>();

  constructor(options: PlanOptions) {
    this.#options = options;
  }

  /** @param progress later progress of its alert, if known */
  add(replayable: Replayable, progress: ProgressSince): void {
    const { now, includeStale, includeSuperseded } = this.#options;
    const { acceptedAt, message } = replayable;
    const { action, alert, key, mayTrigger } = descriptionOf(replayable);
    const ageMs = acceptedAt === undefined ? undefined : Math.max(0, now - acceptedAt);
    const isStale = mayTrigger && !includeStale && (ageMs ?? 0) > STALE_AFTER_MS;
    const superseded =
      progress.kind === 'progressed' && isSuperseded(action, progress.stateChange) && !includeSuperseded;
    const skippedBecause =
      message === undefined ? 'undeliverable' : superseded ? 'superseded' : isStale ? 'stale' : undefined;
    const { routingKey = '', orderKey = '' } = message ?? {};
    this.items.push({
      item: replayItemOf(replayable),
      action,
      alert,
      key,
      ageMs,
      acceptedAt,
      progress,
      routingKey,
      orderKey,
      skippedBecause,
    });
    if (skippedBecause === 'stale' || skippedBecause === 'superseded') this.addUnselected(replayable);
  }

  /** Adds what workers hold. It is sent first, so it can supersede a planned event as well. */
  addHeldByWorkers(held: readonly HeldByWorker[]): void {
    for (const message of held) {
      const others = this.#held.get(message.orderKey) ?? [];
      others.push(message);
      this.#held.set(message.orderKey, others);
    }
    if (this.#options.includeSuperseded) return;
    for (const [index, planned] of this.items.entries()) {
      const stateChange = this.#laterHeld(planned).findLast(isStateChange);
      if (planned.skippedBecause !== undefined || !isSuperseded(planned.action, stateChange)) continue;
      this.items[index] = { ...planned, skippedBecause: 'superseded' };
      this.#recordRemaining(planned.orderKey, planned.item.deadAt);
    }
  }

  /** Adds one that was not selected, for the notes about its alert. */
  addUnselected({ message, deadAt }: Pick<Replayable, 'message' | 'deadAt'>): void {
    if (message !== undefined) this.#recordRemaining(message.orderKey, deadAt);
  }

  get sent(): readonly PlannedReplay[] {
    return this.items.filter(({ skippedBecause }) => skippedBecause === undefined);
  }

  count(skippedBecause: PlannedReplay['skippedBecause']): number {
    return this.items.filter((planned) => planned.skippedBecause === skippedBecause).length;
  }

  /** What to know before sending this one, or why it is skipped. */
  noteOf(planned: PlannedReplay): string {
    const { skippedBecause } = planned;
    if (skippedBecause === undefined) return [...this.#orderNotes(planned), ...this.#progressNotes(planned)].join('; ');
    return [
      `skipped: ${skippedBecause}`,
      ...(skippedBecause === 'superseded' ? this.#progressNotes(planned) : []),
    ].join('; ');
  }

  #recordRemaining(orderKey: string, deadAt: number | undefined): void {
    const others = this.#remaining.get(orderKey) ?? [];
    others.push(deadAt ?? 0);
    this.#remaining.set(orderKey, others);
  }

  /** The actions of later events of its alert that workers hold, in order. */
  #laterHeld({ orderKey, acceptedAt = 0 }: PlannedReplay): string[] {
    const later = (this.#held.get(orderKey) ?? []).filter(({ receivedAt }) => receivedAt >= acceptedAt);
    return later.map(({ action }) => action);
  }

  #progressNotes(planned: PlannedReplay): string[] {
    const { progress } = planned;
    const held = this.#laterHeld(planned);
    const waiting = held.length === 0 ? [] : [`a worker holds, and sends first, of the same alert: ${held.join(', ')}`];
    switch (progress.kind) {
      case 'none':
        return waiting;
      case 'unknown':
        return [...waiting, 'later progress of the alert is unknown'];
      case 'progressed':
        return [
          ...waiting,
          `the alert has progressed: ${progress.action} delivered at ${instantOf(progress.deliveredAt)}`,
        ];
    }
  }

  #orderNotes({ orderKey, item }: PlannedReplay): string[] {
    const others = this.#remaining.get(orderKey) ?? [];
    const died = item.deadAt ?? 0;
    const later = others.filter((other) => other > died).length;
    const earlier = others.length - later;
    const { location } = this.#options;
    const among = location === 'dead letters' ? 'among the dead letters' : 'in the quarantine';
    const events = (count: number, order: string) => `${count} ${order} event${count === 1 ? '' : 's'} of the alert`;
    return [
      ...(earlier > 0 ? [`${events(earlier, 'earlier')} remain${earlier === 1 ? 's' : ''} ${among}`] : []),
      ...(later > 0 ? [`${events(later, 'later')} ${later === 1 ? 'is' : 'are'} also ${among}`] : []),
    ];
  }
}

/** The value of `stays` in `--json`, where the reason `superseded` keeps its earlier name. */
export function staysValue(skippedBecause: SkipReason | undefined): string | null {
  return skippedBecause === 'superseded' ? 'overtaken' : (skippedBecause ?? null);
}
