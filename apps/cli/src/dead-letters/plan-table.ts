import { type BrokerClient, type LaneGroup, laneOfMessage, laneQueue } from '@pdaltagent/messaging';
import { durationOf } from '../duration';
import { type Column, formatHeader, formatRow, singleLine } from '../table';
import { Failure, type Terminal } from '../terminal';
import { type Plan, type PlannedReplay } from './plan';

const COLUMNS: readonly Column[] = [
  { title: 'ACTION', width: 11 },
  { title: 'AGE', width: 6 },
  { title: 'ALERT', width: 40 },
  { title: 'KEY', width: 8 },
  { title: 'ID', width: 36 },
  { title: 'NOTE', width: 160 },
];
/** Longer lists are cut: what they would say is in `dead-letters list`. */
const LISTED = 500;

export interface PlanWords {
  /** `2 dead letters`. */
  readonly countText: (count: number) => string;
  /** Why one that cannot be delivered stays, in place of the plan's own note. */
  readonly whyUndeliverable?: (id: string) => string | undefined;
}

/** Lists what will be sent and what stays, and says of what stays which option would send it. */
export function printPlan(
  { out, error }: Pick<Terminal, 'out' | 'error'>,
  plans: readonly Plan[],
  { countText: amount, whyUndeliverable = () => undefined }: PlanWords,
): void {
  out(formatHeader(COLUMNS));
  const total = plans.reduce((sum, { letters }) => sum + letters.length, 0);
  const listed = plans.flatMap((plan) => plan.letters.slice(0, LISTED).map((letter) => ({ plan, letter })));
  for (const { plan, letter } of listed.slice(0, LISTED)) {
    const why = letter.skippedBecause === 'undeliverable' ? whyUndeliverable(letter.item.id) : undefined;
    out(formatRow(COLUMNS, cellsOf(letter, why === undefined ? plan.noteOf(letter) : `stays: ${why}`)));
  }
  if (total > LISTED) out(`… and ${total - LISTED} more\n`);
  const stale = plans.reduce((sum, plan) => sum + plan.count('stale'), 0);
  if (stale > 0) {
    error(
      `${amount(stale)} older than an hour would open an alert whose resolve may have gone out long ago: ` +
        `${stale === 1 ? 'it stays' : 'they stay'} (--stale sends them)\n`,
    );
  }
  const overtaken = plans.reduce((sum, plan) => sum + plan.count('overtaken'), 0);
  if (overtaken > 0) {
    error(
      `${amount(overtaken)} would undo how the alert went on since: ` +
        `${overtaken === 1 ? 'it stays' : 'they stay'} (--overtaken sends them)\n`,
    );
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

/** What waits in a lane goes out first, and may be of the same alert: the broker does not tell. */
export async function warnOfLanes(
  { error }: Terminal,
  client: BrokerClient,
  family: LaneGroup,
  plan: Plan,
): Promise<void> {
  const lanes = new Set(plan.sent.map((message) => laneOfMessage(family, message)));
  for (const lane of lanes) {
    const state = await client.stateOf(laneQueue(family, lane));
    if (state === undefined) throw new Failure(`there is no lane ${lane}: start the services once, they declare it`);
    if (state.waiting === 0) continue;
    error(`in lane ${lane} ${state.waiting} wait already and go first; some may be of the same alerts\n`);
  }
}
