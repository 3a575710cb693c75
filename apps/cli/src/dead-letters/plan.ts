import { type DeadLetter, type HeldReport, type ReplayItem, replayItemOf } from '@pdaltagent/messaging';
import { instantOf } from '../duration';
import { isStateChange, isSuperseded, type ProgressSince } from './alert-progress';
import { descriptionOf } from './description';

/** A trigger older than this is not sent without being asked for: its resolve may have gone out long ago. */
const STALE_AFTER_MS = 3_600_000;

/** An event of an alert that a worker holds: it goes out before a letter that is sent now. */
export type HeldByWorker = Pick<HeldReport, 'orderKey' | 'receivedAt' | 'action'>;

/** What can be sent again: a dead letter, or an event in a gateway's quarantine. */
export type Replayable = Pick<DeadLetter, 'id' | 'deadAt' | 'acceptedAt' | 'body' | 'message'>;

export interface PlanOptions {
  readonly now: number;
  /** Also triggers that are old. */
  readonly includeStale: boolean;
  /** Also what could undo how its alert went on. */
  readonly includeSuperseded: boolean;
  /** Where they are; completes "it stays …". */
  readonly location: 'dead' | 'in the quarantine';
}

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
  /** Why it is not sent; undefined: it is. */
  readonly skippedBecause: 'overtaken' | 'stale' | 'undeliverable' | undefined;
}

/** What a replay will do, found out in one look at all letters; bodies are not kept. */
export class Plan {
  readonly letters: PlannedReplay[] = [];
  readonly #options: PlanOptions;
  /** Of each alert the letters that stay, by when they died. */
  readonly #remaining = new Map<string, number[]>();
  /** Of each alert what workers hold. */
  readonly #held = new Map<string, HeldByWorker[]>();

  constructor(options: PlanOptions) {
    this.#options = options;
  }

  /** @param progress whether its alert went on, as far as that is known */
  add(letter: Replayable, progress: ProgressSince): void {
    const { now, includeStale, includeSuperseded } = this.#options;
    const { acceptedAt, message } = letter;
    const { action, alert, key, mayTrigger } = descriptionOf(letter);
    const ageMs = acceptedAt === undefined ? undefined : Math.max(0, now - acceptedAt);
    const isStale = mayTrigger && !includeStale && (ageMs ?? 0) > STALE_AFTER_MS;
    const superseded =
      progress.kind === 'progressed' && isSuperseded(action, progress.stateChange) && !includeSuperseded;
    const skippedBecause =
      message === undefined ? 'undeliverable' : superseded ? 'overtaken' : isStale ? 'stale' : undefined;
    const { routingKey = '', orderKey = '' } = message ?? {};
    this.letters.push({
      item: replayItemOf(letter),
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
    if (skippedBecause === 'stale' || skippedBecause === 'overtaken') this.addUnselected(letter);
  }

  /** What workers hold goes out first: of that too a letter may be overtaken. */
  addHeldByWorkers(held: readonly HeldByWorker[]): void {
    for (const message of held) {
      const others = this.#held.get(message.orderKey) ?? [];
      others.push(message);
      this.#held.set(message.orderKey, others);
    }
    if (this.#options.includeSuperseded) return;
    for (const [index, letter] of this.letters.entries()) {
      const stateChange = this.#laterHeld(letter).findLast(isStateChange);
      if (letter.skippedBecause !== undefined || !isSuperseded(letter.action, stateChange)) continue;
      this.letters[index] = { ...letter, skippedBecause: 'overtaken' };
      this.#recordRemaining(letter.orderKey, letter.item.deadAt);
    }
  }

  /** Of a letter that stays where it is. */
  addUnselected({ message, deadAt }: Pick<Replayable, 'message' | 'deadAt'>): void {
    if (message !== undefined) this.#recordRemaining(message.orderKey, deadAt);
  }

  get sent(): readonly PlannedReplay[] {
    return this.letters.filter(({ skippedBecause }) => skippedBecause === undefined);
  }

  count(skippedBecause: PlannedReplay['skippedBecause']): number {
    return this.letters.filter((letter) => letter.skippedBecause === skippedBecause).length;
  }

  /** What is odd about sending this letter now, or why it stays. */
  noteOf(letter: PlannedReplay): string {
    const { skippedBecause } = letter;
    if (skippedBecause === undefined) return [...this.#orderNotes(letter), ...this.#progressNotes(letter)].join('; ');
    return [`stays: ${skippedBecause}`, ...(skippedBecause === 'overtaken' ? this.#progressNotes(letter) : [])].join(
      '; ',
    );
  }

  #recordRemaining(orderKey: string, deadAt: number | undefined): void {
    const others = this.#remaining.get(orderKey) ?? [];
    others.push(deadAt ?? 0);
    this.#remaining.set(orderKey, others);
  }

  /** What workers hold of its alert and was accepted later: what each does, in order. */
  #laterHeld({ orderKey, acceptedAt = 0 }: PlannedReplay): string[] {
    const later = (this.#held.get(orderKey) ?? []).filter(({ receivedAt }) => receivedAt >= acceptedAt);
    return later.map(({ action }) => action);
  }

  #progressNotes(letter: PlannedReplay): string[] {
    const { progress } = letter;
    const held = this.#laterHeld(letter);
    const waiting = held.length === 0 ? [] : [`of the alert a worker holds and sends first: ${held.join(', ')}`];
    switch (progress.kind) {
      case 'none':
        return waiting;
      case 'unknown':
        return [...waiting, 'not known whether the alert went on'];
      case 'progressed':
        return [...waiting, `the alert went on: ${progress.action} delivered at ${instantOf(progress.deliveredAt)}`];
    }
  }

  #orderNotes({ orderKey, item }: PlannedReplay): string[] {
    const others = this.#remaining.get(orderKey) ?? [];
    const died = item.deadAt ?? 0;
    const later = others.filter((other) => other > died).length;
    const earlier = others.length - later;
    const { location } = this.#options;
    const also = location === 'dead' ? 'died too' : `${later === 1 ? 'is' : 'are'} ${location} too`;
    return [
      ...(earlier > 0 ? [`${earlier} earlier of its alert stay${earlier === 1 ? 's' : ''} ${location}`] : []),
      ...(later > 0 ? [`the alert went on: ${later} later event${later === 1 ? '' : 's'} of it ${also}`] : []),
    ];
  }
}
