import { delay, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type FactStream } from '@pdaltagent/journal';
import { brokerOf, brokerVariables, readConfiguration } from '@pdaltagent/service';
import { requiringJournal } from '../journal/open';
import { type Terminal } from '../terminal';
import { Accounts, type OpenMessage } from './accounts';
import { IndexLedger, type Ledger, StreamLedger } from './ledger';
import { auditReport } from './report';
import { survey, type Survey } from './survey';
import { formatAudit } from './text';

/** Times are milliseconds since 1970. */
export interface AuditOptions {
  readonly since?: number;
  readonly until?: number;
  readonly index?: true;
  readonly json?: true;
}

/** A message that moves from one place to the next during a survey may be seen in neither: it must be missing in each of them. */
const SURVEYS = 3;
const BETWEEN_SURVEYS_MS = 1_000;

/**
 * Checks that every message that was accepted is delivered, put away, or still there.
 * @returns 0 if every one is, 1 if some are unaccounted
 */
export async function audit(terminal: Terminal, stream: FactStream, options: AuditOptions): Promise<number> {
  const { since, until, index, json } = options;
  const broker = brokerOf(readConfiguration(brokerVariables, terminal.environment));
  const ledger: Ledger = new (index ? IndexLedger : StreamLedger)(terminal, stream, since, until);
  let accounts = new Accounts();
  const readOn = async (): Promise<void> => {
    accounts = await requiringJournal(ledger.accounts());
  };
  const surveyAgain = async (): Promise<Survey> => {
    await readOn();
    const open: OpenMessage[] = [...accounts.open()];
    const found = await survey(terminal, broker, open);
    // What was delivered while it was looked for is not missed.
    await readOn();
    return found;
  };
  let last = await surveyAgain();
  let missing = idsOf(last);
  for (let number = 2; number <= SURVEYS && missing.size > 0; number += 1) {
    await delay(SYSTEM_CLOCK, BETWEEN_SURVEYS_MS);
    last = await surveyAgain();
    const before = missing;
    missing = new Set([...idsOf(last)].filter((id) => before.has(id)));
  }
  const stillOpen = new Set<string>();
  for (const { id } of accounts.open()) if (missing.has(id)) stillOpen.add(id);
  const unaccounted = last.placement.unaccounted.filter(({ message }) => stillOpen.has(message.id));
  const report = auditReport({
    accounts,
    survey: last,
    unaccounted,
    circumstances: await requiringJournal(ledger.circumstances(unaccounted.length > 0)),
    since,
    until,
    now: terminal.now(),
  });
  terminal.out(json ? `${JSON.stringify(report, null, 2)}\n` : formatAudit(report, terminal));
  return report.unaccounted.length > 0 ? 1 : 0;
}

function idsOf({ placement }: Survey): Set<string> {
  return new Set(placement.unaccounted.map(({ message }) => message.id));
}
