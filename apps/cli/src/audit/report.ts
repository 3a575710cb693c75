import { type FactGroup } from '@pdaltagent/journal';
import { instantOf } from '../duration';
import { gapText } from '../journal/reader';
import { type Accounts } from './accounts';
import { type Circumstances } from './ledger';
import { type Unaccounted } from './placement';
import { type Survey } from './survey';

export interface AuditInput {
  readonly accounts: Accounts;
  readonly survey: Survey;
  readonly unaccounted: readonly Unaccounted[];
  readonly circumstances: Circumstances;
  /** Milliseconds since 1970. */
  readonly since: number | undefined;
  readonly until: number | undefined;
  readonly now: number;
}

export type AuditReport = ReturnType<typeof auditReport>;

/** The result, as `--json` shows it. */
export function auditReport(input: AuditInput) {
  const { since, until, now, unaccounted } = input;
  const { beginsAt, missing } = input.circumstances;
  const begin = Math.max(since ?? -Infinity, beginsAt ?? -Infinity);
  return {
    since: Number.isFinite(begin) ? instantOf(begin) : null,
    until: instantOf(Math.min(until ?? Infinity, now)),
    journal_begins_at: beginsAt === undefined ? null : instantOf(beginsAt),
    events: accountOf('events', input),
    webhooks: accountOf('webhooks', input),
    unaccounted: unaccounted.map(({ message, why }) => ({
      id: message.id,
      family: message.group,
      key: message.key,
      alert: message.alert ?? null,
      accepted_at: instantOf(message.accepted),
      why,
    })),
    may_explain: unaccounted.length === 0 ? [] : explanationsOf(input),
    gaps: missing.length,
  };
}

export type Account = ReturnType<typeof accountOf>;

/** The rows add up to `accepted`. */
function accountOf(group: FactGroup, { accounts, survey: { placement }, unaccounted }: AuditInput) {
  const counts = accounts.countsOf(group);
  const missing = unaccounted.filter(({ message }) => message.group === group);
  const missed = (state: string): number => missing.filter(({ message }) => message.state === state).length;
  // Those that were found among the dead letters count as such, whatever their facts say; they are of the same survey.
  const open = counts.waiting + counts['dead-letter'] - missing.length;
  const deadLetters = Math.min(
    open,
    Math.max(placement.deadLetters[group], counts['dead-letter'] - missed('dead-letter')),
  );
  const { held, spooled, recent } = placement.waiting[group];
  const waiting = open - deadLetters;
  return {
    accepted: Object.values(counts).reduce((sum, count) => sum + count, 0),
    delivered: counts.delivered,
    dead_letters: deadLetters,
    quarantined: counts.quarantined,
    discarded: counts.discarded,
    expired: counts.expired,
    replayed_as_others: counts.replayed,
    waiting,
    waiting_in: {
      workers: Math.min(waiting, held),
      spool: Math.min(waiting, spooled),
      lanes: Math.max(0, waiting - held - spooled - recent),
      just_accepted: Math.min(waiting, recent),
    },
    unaccounted: missing.length,
  };
}

/** What is missing in the journal since the first of them, and who may have taken facts with it. */
function explanationsOf({
  circumstances: { missing, processes, modes },
  survey,
  unaccounted,
  now,
}: AuditInput): string[] {
  const first = Math.min(...unaccounted.map(({ message }) => message.accepted));
  const gaps = missing.filter(({ to }) => to >= first);
  const ended = processes.filter(({ isReplaced, lastAt }) => isReplaced && lastAt >= first);
  const silent = survey.lanesWithoutReply;
  return [
    ...gaps.map((gap) => `missing: ${gapText(gap)}`),
    ...ended.map(
      ({ source, lastAt }) =>
        `${source.service} on ${source.host} ended without stopping after ${instantOf(lastAt)}: its last facts may be missing`,
    ),
    ...(silent === 0 ? [] : [`the workers of ${silent} lanes did not reply: they may hold some`]),
    ...modes
      .spooling()
      .filter(({ since }) => since <= now)
      .map(
        ({ source, since }) =>
          `${source.service} on ${source.host} stores events on its disk since ${instantOf(since)}: run the audit there, as its user`,
      ),
  ];
}
