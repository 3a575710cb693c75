import { alertNameOf, type DeadLetter } from '@pdaltagent/messaging';
import { readConfiguration, redisVariables } from '@pdaltagent/service';
import { DeadLetteredAlerts, type DeadLetteredAlertsState } from '@pdaltagent/store';
import { instantOf } from '../duration';
import { withStore } from '../status/redis';
import { type Terminal } from '../terminal';
import { type NamedShelf } from './queues';

/** Whether an alert went on since one of its messages became a dead letter. */
export type Since =
  | { readonly kind: 'no' }
  | { readonly kind: 'not known' }
  /** The latest event of the alert that was delivered. */
  | { readonly kind: 'went on'; readonly action: string; readonly deliveredAt: number; readonly bearing: Bearing };

/** The latest delivered event that opens or closes the alert, or may: what a replay could undo. */
export type Bearing = 'trigger' | 'resolve' | '?' | undefined;

const FAMILIES = ['events', 'webhooks'] as const satisfies readonly NamedShelf['name'][];

/** What the workers wrote into Redis of alerts that have dead letters. */
export class Afterwards {
  readonly #known: ReadonlyMap<NamedShelf['name'], DeadLetteredAlertsState> | undefined;

  private constructor(known: ReadonlyMap<NamedShelf['name'], DeadLetteredAlertsState> | undefined) {
    this.#known = known;
  }

  /** Asks Redis; without it nothing is known, and that is said. */
  static async ask({ environment, error }: Pick<Terminal, 'environment' | 'error'>): Promise<Afterwards> {
    const { redisUrl } = readConfiguration(redisVariables, environment);
    const known = await withStore(redisUrl, async (store) => {
      const all = FAMILIES.map(async (name) => [name, await new DeadLetteredAlerts(store, name).all()] as const);
      return new Map(await Promise.all(all));
    }).catch(() => undefined);
    if (known === undefined) error('Redis cannot be reached: it is not known whether alerts went on since\n');
    return new Afterwards(known);
  }

  of(family: NamedShelf['name'], { message, acceptedAt, deadAt = 0 }: DeadLetter): Since {
    const known = this.#known?.get(family);
    // A change event belongs to no alert: it is ordered by its own id.
    if (message !== undefined && message.orderKey === message.id) return { kind: 'no' };
    const name = message === undefined ? undefined : alertNameOf(message);
    if (known === undefined || name === undefined || acceptedAt === undefined) return { kind: 'not known' };
    const alert = known.alerts.get(name);
    if (alert === undefined) return { kind: 'not known' };
    const later = alert.delivered
      .filter((event) => event.acceptedAt >= acceptedAt)
      .sort((a, b) => b.deliveredAt - a.deliveredAt);
    const [last] = later;
    if (last !== undefined) {
      const bearing = later.map(({ action }) => action).find(isBearing);
      return { kind: 'went on', action: last.action, deliveredAt: last.deliveredAt, bearing };
    }
    const isWatched = acceptedAt >= alert.watchedFrom && deadAt >= known.unwatchedUntil;
    return { kind: isWatched ? 'no' : 'not known' };
  }
}

export function isBearing(action: string): action is 'trigger' | 'resolve' | '?' {
  return action === 'trigger' || action === 'resolve' || action === '?';
}

const UNDONE_BY: ReadonlyMap<string, readonly Bearing[]> = new Map([
  ['trigger', ['resolve', '?']],
  ['acknowledge', ['trigger', '?']],
  ['resolve', ['trigger', '?']],
  ['?', ['trigger', 'resolve', '?']],
]);

/**
 * Whether an event, sent now, could undo what its alert came to since: a trigger after its resolve opens an incident that
 * nobody closes, a resolve or an acknowledge after a new trigger hides a new incident.
 */
export function isOvertaken(action: string, bearing: Bearing): boolean {
  return bearing !== undefined && (UNDONE_BY.get(action)?.includes(bearing) ?? false);
}

/** As `--json` shows it. */
export function sinceRecord(since: Since) {
  return {
    known: since.kind !== 'not known',
    action: since.kind === 'went on' ? since.action : null,
    delivered_at: since.kind === 'went on' ? instantOf(since.deliveredAt) : null,
  };
}

/** As a table shows it: one word. */
export function sinceWord(since: Since): string {
  if (since.kind === 'no') return '-';
  return since.kind === 'not known' ? 'unknown' : since.action;
}

/** As one letter is shown. */
export function sinceText(since: Since): string {
  if (since.kind === 'no') return '-';
  return since.kind === 'not known' ? 'not known' : `${since.action} ${instantOf(since.deliveredAt)}`;
}
