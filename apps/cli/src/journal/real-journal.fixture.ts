import { type FactContent, openJournal } from '@pdaltagent/journal';
import { brokerVariables, journalVariables, readConfiguration } from '@pdaltagent/service';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Writes facts to the journal of a broker, as a process of a service that then stops. */
export async function writeFacts(url: string, service: string, facts: readonly FactContent[]): Promise<void> {
  const environment = { PDAGENTD_AMQP_URL: url };
  const configuration = readConfiguration({ ...brokerVariables, ...journalVariables }, environment);
  const journal = openJournal(configuration, { logger: SILENT, service });
  journal.start();
  for (const fact of facts) journal.record(fact);
  if (!(await journal.flush(30_000))) throw new Error('the journal was not written');
  await journal.stop();
}
