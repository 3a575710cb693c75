import { type DeadLetter, type HeldReport, type ReplayItem, replayItemOf } from '@pdaltagent/messaging';
import { instantOf } from '../duration';
import { isBearing, isOvertaken, type Since } from './alert-progress';
import { descriptionOf } from './description';

/** A trigger older than this is not sent without being asked for: its resolve may have gone out long ago. */
const STALE_AFTER_MS = 3_600_000;

/** An event of an alert that a worker holds: it goes out before a letter that is sent now. */
export type Held = Pick<HeldReport, 'orderKey' | 'receivedAt' | 'action'>;

/** What can be sent again: a dead letter, or an event in a gateway's quarantine. */
export type Sendable = Pick<DeadLetter, 'id' | 'deadAt' | 'acceptedAt' | 'body' | 'message'>;

export interface PlanOptions {
  readonly now: number;
  /** Also triggers that are old. */
  readonly withStale: boolean;
  /** Also what could undo how its alert went on. */
  readonly withOvertaken: boolean;
  /** Where they are; completes "it stays …". */
  readonly place: 'dead' | 'in the quarantine';
}

export interface PlannedLetter {
  readonly play: ReplayItem;
  readonly action: string;
  readonly alert: string;
  readonly key: string;
  readonly ageMs: number | undefined;
  readonly acceptedAt: number | undefined;
  readonly since: Since;
  readonly routingKey: string;
  readonly orderKey: string;
  /** Why it is not sent; undefined: it is. */
  readonly stays: 'overtaken' | 'stale' | 'undeliverable' | undefined;
}

/** What a replay will do, found out in one look at all letters; bodies are not kept. */
export class Plan {
  readonly letters: PlannedLetter[] = [];
  readonly #options: PlanOptions;
  /** Of each alert the letters that stay, by when they died. */
  readonly #staying = new Map<string, number[]>();
  /** Of each alert what workers hold. */
  readonly #held = new Map<string, Held[]>();

  constructor(options: PlanOptions) {
    this.#options = options;
  }

  /** @param since whether its alert went on, as far as that is known */
  add(letter: Sendable, since: Since): void {
    const { now, withStale, withOvertaken } = this.#options;
    const { acceptedAt, message } = letter;
    const { action, alert, key, mayTrigger } = descriptionOf(letter);
    const ageMs = acceptedAt === undefined ? undefined : Math.max(0, now - acceptedAt);
    const isStale = mayTrigger && !withStale && (ageMs ?? 0) > STALE_AFTER_MS;
    const overtaken = since.kind === 'went on' && isOvertaken(action, since.bearing) && !withOvertaken;
    const stays = message === undefined ? 'undeliverable' : overtaken ? 'overtaken' : isStale ? 'stale' : undefined;
    const { routingKey = '', orderKey = '' } = message ?? {};
    this.letters.push({
      play: replayItemOf(letter),
      action,
      alert,
      key,
      ageMs,
      acceptedAt,
      since,
      routingKey,
      orderKey,
      stays,
    });
    if (stays === 'stale' || stays === 'overtaken') this.leave(letter);
  }

  /** What workers hold goes out first: of that too a letter may be overtaken. */
  hold(held: readonly Held[]): void {
    for (const message of held) {
      const others = this.#held.get(message.orderKey) ?? [];
      others.push(message);
      this.#held.set(message.orderKey, others);
    }
    if (this.#options.withOvertaken) return;
    for (const [index, letter] of this.letters.entries()) {
      const bearing = this.#laterHeld(letter).findLast(isBearing);
      if (letter.stays !== undefined || !isOvertaken(letter.action, bearing)) continue;
      this.letters[index] = { ...letter, stays: 'overtaken' };
      this.#stay(letter.orderKey, letter.play.deadAt);
    }
  }

  /** Of a letter that stays where it is. */
  leave({ message, deadAt }: Pick<Sendable, 'message' | 'deadAt'>): void {
    if (message !== undefined) this.#stay(message.orderKey, deadAt);
  }

  get sent(): readonly PlannedLetter[] {
    return this.letters.filter(({ stays }) => stays === undefined);
  }

  count(stays: PlannedLetter['stays']): number {
    return this.letters.filter((letter) => letter.stays === stays).length;
  }

  /** What is odd about sending this letter now, or why it stays. */
  noteOf(letter: PlannedLetter): string {
    const { stays } = letter;
    if (stays === undefined) return [...this.#warningsOf(letter), ...this.#wentOn(letter)].join('; ');
    return [`stays: ${stays}`, ...(stays === 'overtaken' ? this.#wentOn(letter) : [])].join('; ');
  }

  #stay(orderKey: string, deadAt: number | undefined): void {
    const others = this.#staying.get(orderKey) ?? [];
    others.push(deadAt ?? 0);
    this.#staying.set(orderKey, others);
  }

  /** What workers hold of its alert and was accepted later: what each does, in order. */
  #laterHeld({ orderKey, acceptedAt = 0 }: PlannedLetter): string[] {
    const later = (this.#held.get(orderKey) ?? []).filter(({ receivedAt }) => receivedAt >= acceptedAt);
    return later.map(({ action }) => action);
  }

  #wentOn(letter: PlannedLetter): string[] {
    const { since } = letter;
    const held = this.#laterHeld(letter);
    const waiting = held.length === 0 ? [] : [`of the alert a worker holds and sends first: ${held.join(', ')}`];
    switch (since.kind) {
      case 'no':
        return waiting;
      case 'not known':
        return [...waiting, 'not known whether the alert went on'];
      case 'went on':
        return [...waiting, `the alert went on: ${since.action} delivered at ${instantOf(since.deliveredAt)}`];
    }
  }

  #warningsOf({ orderKey, play }: PlannedLetter): string[] {
    const others = this.#staying.get(orderKey) ?? [];
    const died = play.deadAt ?? 0;
    const later = others.filter((other) => other > died).length;
    const earlier = others.length - later;
    const { place } = this.#options;
    const also = place === 'dead' ? 'died too' : `${later === 1 ? 'is' : 'are'} ${place} too`;
    return [
      ...(earlier > 0 ? [`${earlier} earlier of its alert stay${earlier === 1 ? 's' : ''} ${place}`] : []),
      ...(later > 0 ? [`the alert went on: ${later} later event${later === 1 ? '' : 's'} of it ${also}`] : []),
    ];
  }
}
