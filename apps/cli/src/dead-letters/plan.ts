import { type Letter, type Play, playOf } from '@pdaltagent/messaging';
import { descriptionOf } from './description';

/** A trigger older than this is not sent without being asked for: its resolve may have gone out long ago. */
const STALE_AFTER_MS = 3_600_000;

export interface PlannedLetter {
  readonly play: Play;
  readonly action: string;
  readonly alert: string;
  readonly key: string;
  readonly ageMs: number | undefined;
  readonly routingKey: string;
  readonly orderKey: string;
  /** Why it is not sent; undefined: it is. */
  readonly stays: 'stale' | 'undeliverable' | undefined;
}

/** What a replay will do, found out in one look at all letters; bodies are not kept. */
export class Plan {
  readonly letters: PlannedLetter[] = [];
  readonly #now: number;
  readonly #withStale: boolean;
  /** Of each alert the letters that stay, by when they died. */
  readonly #staying = new Map<string, number[]>();

  constructor({ now, withStale }: { readonly now: number; readonly withStale: boolean }) {
    this.#now = now;
    this.#withStale = withStale;
  }

  add(letter: Letter): void {
    const { acceptedAt, message } = letter;
    const { action, alert, key, mayTrigger } = descriptionOf(letter);
    const ageMs = acceptedAt === undefined ? undefined : Math.max(0, this.#now - acceptedAt);
    const isStale = mayTrigger && !this.#withStale && (ageMs ?? 0) > STALE_AFTER_MS;
    const stays = message === undefined ? 'undeliverable' : isStale ? 'stale' : undefined;
    const { routingKey = '', orderKey = '' } = message ?? {};
    this.letters.push({ play: playOf(letter), action, alert, key, ageMs, routingKey, orderKey, stays });
    if (stays === 'stale') this.leave(letter);
  }

  /** Of a letter that stays where it is. */
  leave({ message, deadAt }: Letter): void {
    if (message === undefined) return;
    const others = this.#staying.get(message.orderKey) ?? [];
    others.push(deadAt ?? 0);
    this.#staying.set(message.orderKey, others);
  }

  get sent(): readonly PlannedLetter[] {
    return this.letters.filter(({ stays }) => stays === undefined);
  }

  count(stays: PlannedLetter['stays']): number {
    return this.letters.filter((letter) => letter.stays === stays).length;
  }

  /** What may be odd about sending this letter now, as far as dead letters tell. */
  warningOf({ orderKey, play, stays }: PlannedLetter): string {
    if (stays !== undefined) return '';
    const others = this.#staying.get(orderKey) ?? [];
    const died = play.deadAt ?? 0;
    const later = others.filter((other) => other > died).length;
    const earlier = others.length - later;
    const parts = [
      ...(earlier > 0 ? [`${earlier} earlier of its alert stay${earlier === 1 ? 's' : ''} dead`] : []),
      ...(later > 0 ? [`the alert went on: ${later} later event${later === 1 ? '' : 's'} of it died too`] : []),
    ];
    return parts.join('; ');
  }
}
