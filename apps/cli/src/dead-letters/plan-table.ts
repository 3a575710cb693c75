import { type LaneGroup, laneOfMessage, laneQueue } from '@pdaltagent/messaging';
import { type BrokerClient } from '@pdaltagent/operations';
import { durationOf } from '../duration';
import { type Column, formatHeader, formatRow, singleLine } from '../table';
import { CliError, type Terminal } from '../terminal';
import { type Plan, type PlannedReplay } from './plan';

const COLUMNS: readonly Column[] = [
  { title: 'ACTION', width: 11 },
  { title: 'AGE', width: 6 },
  { title: 'ALERT', width: 40 },
  { title: 'KEY', width: 8 },
  { title: 'ID', width: 36 },
  { title: 'NOTE', width: 160 },
];
/** Longer lists are truncated; `dead-letters list` shows everything. */
const LISTED = 500;

export interface PlanWords {
  /** `2 dead letters`. */
  readonly countText: (count: number) => string;
  /** Why an undeliverable one is skipped, instead of the plan's own note. */
  readonly whyUndeliverable?: (id: string) => string | undefined;
}

/** Lists what will be sent and what is skipped, and which option would send the latter. */
export function printPlan(
  { out, error }: Pick<Terminal, 'out' | 'error'>,
  plans: readonly Plan[],
  { countText, whyUndeliverable = () => undefined }: PlanWords,
): void {
  out(formatHeader(COLUMNS));
  const total = plans.reduce((sum, { items }) => sum + items.length, 0);
  const listed = plans.flatMap((plan) => plan.items.slice(0, LISTED).map((planned) => ({ plan, planned })));
  for (const { plan, planned } of listed.slice(0, LISTED)) {
    const why = planned.skippedBecause === 'undeliverable' ? whyUndeliverable(planned.item.id) : undefined;
    out(formatRow(COLUMNS, cellsOf(planned, why === undefined ? plan.noteOf(planned) : `skipped: ${why}`)));
  }
  if (total > LISTED) out(`… and ${total - LISTED} more\n`);
  const stale = plans.reduce((sum, plan) => sum + plan.count('stale'), 0);
  if (stale > 0) {
    error(
      `${countText(stale)} older than an hour would open an alert whose resolve may have been sent long ago: ` +
        `skipped (--stale sends them)\n`,
    );
  }
  const superseded = plans.reduce((sum, plan) => sum + plan.count('superseded'), 0);
  if (superseded > 0) {
    error(`${countText(superseded)} would undo later progress of the alert: skipped (--superseded sends them)\n`);
  }
}

function cellsOf({ action, ageMs, alert, key, item }: PlannedReplay, note: string): string[] {
  return [
    singleLine(action),
    ageMs === undefined ? '-' : durationOf(ageMs),
    singleLine(alert),
    key,
    singleLine(item.id),
    singleLine(note),
  ];
}

/** Messages waiting in a lane are sent first, and may be of the same alerts: the broker does not show them. */
export async function warnOfLanes(
  { error }: Terminal,
  client: BrokerClient,
  laneGroup: LaneGroup,
  plan: Plan,
): Promise<void> {
  const lanes = new Set(plan.sent.map((message) => laneOfMessage(laneGroup, message)));
  for (const lane of lanes) {
    const state = await client.stateOf(laneQueue(laneGroup, lane));
    if (state === undefined)
      throw new CliError(`lane ${lane} does not exist: start the services once, they declare it`);
    if (state.waiting === 0) continue;
    error(
      `${state.waiting} message(s) already wait in lane ${lane} and are sent first; some may be of the same alerts\n`,
    );
  }
}
