import { alertNameOf, type DeadLetter } from '@pdaltagent/messaging';
import {
  digestVariables,
  type NameDigest,
  nameDigest,
  readConfiguration,
  redisOf,
  redisVariables,
} from '@pdaltagent/service';
import { DeadLetteredAlerts, type DeadLetteredAlertsState } from '@pdaltagent/store';
import { instantOf } from '../duration';
import { withStore } from '../status/redis';
import { type Terminal } from '../terminal';
import { type NamedQueue } from './queues';

/** Whether other events of an alert were delivered since one of its events became a dead letter. */
export type ProgressSince =
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown' }
  /** The alert's latest delivered event. */
  | {
      readonly kind: 'progressed';
      readonly action: string;
      readonly deliveredAt: number;
      readonly stateChange: StateChange;
    };

/** The latest delivered action that changed the alert's state, or may have (`?`): what a replay could undo. */
export type StateChange = 'trigger' | 'resolve' | '?' | undefined;

const LANE_GROUPS = ['events', 'webhooks'] as const satisfies readonly NamedQueue['name'][];

/** Reads what workers recorded in Redis about alerts that have dead letters. */
export class AlertProgressReader {
  readonly #known: ReadonlyMap<NamedQueue['name'], DeadLetteredAlertsState> | undefined;
  readonly #digest: NameDigest;

  private constructor(known: ReadonlyMap<NamedQueue['name'], DeadLetteredAlertsState> | undefined, digest: NameDigest) {
    this.#known = known;
    this.#digest = digest;
  }

  /** Reads Redis. If it is unreachable, nothing is known, and a warning is printed. */
  static async read({ environment, error }: Pick<Terminal, 'environment' | 'error'>): Promise<AlertProgressReader> {
    const configuration = readConfiguration({ ...redisVariables, ...digestVariables }, environment);
    const known = await withStore(redisOf(configuration), async (store) => {
      const all = LANE_GROUPS.map(async (name) => [name, await new DeadLetteredAlerts(store, name).all()] as const);
      return new Map(await Promise.all(all));
    }).catch(() => undefined);
    if (known === undefined) error('Redis is unreachable: later progress of alerts is unknown\n');
    return new AlertProgressReader(known, nameDigest(configuration));
  }

  since(laneGroup: NamedQueue['name'], { message, acceptedAt, deadAt = 0 }: DeadLetter): ProgressSince {
    const known = this.#known?.get(laneGroup);
    // A change event has no alert: its order key is its own id.
    if (message !== undefined && message.orderKey === message.id) return { kind: 'none' };
    const name = message === undefined ? undefined : alertNameOf(message, this.#digest);
    if (known === undefined || name === undefined || acceptedAt === undefined) return { kind: 'unknown' };
    const alert = known.alerts.get(name);
    if (alert === undefined) return { kind: 'unknown' };
    const later = alert.delivered
      .filter((event) => event.acceptedAt >= acceptedAt)
      .sort((a, b) => b.deliveredAt - a.deliveredAt);
    const [last] = later;
    if (last !== undefined) {
      const stateChange = later.map(({ action }) => action).find(isStateChange);
      return { kind: 'progressed', action: last.action, deliveredAt: last.deliveredAt, stateChange };
    }
    const isRecorded = acceptedAt >= alert.recordedSince && deadAt >= known.gapUntil;
    return { kind: isRecorded ? 'none' : 'unknown' };
  }
}

export function isStateChange(action: string): action is 'trigger' | 'resolve' | '?' {
  return action === 'trigger' || action === 'resolve' || action === '?';
}

const UNDONE_BY: ReadonlyMap<string, readonly StateChange[]> = new Map([
  ['trigger', ['resolve', '?']],
  ['acknowledge', ['trigger', '?']],
  ['resolve', ['trigger', '?']],
  ['?', ['trigger', 'resolve', '?']],
]);

/**
 * Whether sending an event now could undo a later state change of its alert: a trigger after its resolve opens an incident
 * that nobody closes; a resolve or an acknowledge after a new trigger hides a new incident.
 */
export function isSuperseded(action: string, stateChange: StateChange): boolean {
  return stateChange !== undefined && (UNDONE_BY.get(action)?.includes(stateChange) ?? false);
}

/** As `--json` shows it. */
export function progressRecord(progress: ProgressSince) {
  return {
    known: progress.kind !== 'unknown',
    action: progress.kind === 'progressed' ? progress.action : null,
    delivered_at: progress.kind === 'progressed' ? instantOf(progress.deliveredAt) : null,
  };
}

/** For a table cell: one word. */
export function progressCell(progress: ProgressSince): string {
  if (progress.kind === 'none') return '-';
  return progress.kind === 'unknown' ? 'unknown' : progress.action;
}

/** For the details of one dead letter. */
export function progressText(progress: ProgressSince): string {
  if (progress.kind === 'none') return '-';
  return progress.kind === 'unknown' ? 'unknown' : `${progress.action} ${instantOf(progress.deliveredAt)}`;
}
