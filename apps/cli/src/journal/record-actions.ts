import { type FactContent, openJournal } from '@pdaltagent/journal';
import { brokerVariables, journalVariables, maskSecrets, readConfiguration } from '@pdaltagent/service';
import { type Terminal } from '../terminal';
import { operatorOf, operatorVariables } from './operator';

/** How long a command that has done its work waits for the journal. */
const WRITTEN_WITHIN_MS = 3_000;
/** More than the journal keeps in memory would be dropped. */
const WRITTEN_TOGETHER = 2_000;

const variables = { ...brokerVariables, ...journalVariables, ...operatorVariables };

/**
 * Writes what a command has done into the journal, unless it is switched off. Never fails the command: if the journal cannot be written
 * within three seconds, one line on standard error says so.
 * @param factsOf what was done, by this operator
 */
export async function recordActions(
  { environment, error }: Pick<Terminal, 'environment' | 'error'>,
  factsOf: (by: string) => readonly FactContent[],
): Promise<void> {
  const reportMissing = (cause: string): void => error(`this action is not in the journal: ${maskSecrets(cause)}\n`);
  try {
    const configuration = readConfiguration(variables, environment);
    const facts = factsOf(operatorOf(configuration, environment));
    if (!configuration.journal || facts.length === 0) return;
    let cause = 'RabbitMQ did not confirm it in time';
    const keepCause = (message: string, fields?: Readonly<Record<string, unknown>>): void => {
      const reason = fields?.['error'];
      // The message is about a service, which goes on trying.
      cause = typeof reason === 'string' ? reason : message;
    };
    const logger = { info: () => undefined, warn: keepCause, error: keepCause };
    const journal = openJournal(configuration, { logger, service: 'pdaltagent' });
    journal.start();
    let isWritten = true;
    for (let start = 0; isWritten && start < facts.length; start += WRITTEN_TOGETHER) {
      for (const fact of facts.slice(start, start + WRITTEN_TOGETHER)) journal.record(fact);
      isWritten = await journal.flush(WRITTEN_WITHIN_MS);
    }
    const stopping = journal.stop();
    if (isWritten) await stopping;
    else reportMissing(cause);
  } catch (failure) {
    reportMissing(failure instanceof Error ? failure.message : String(failure));
  }
}

/** An action that has no kind of fact of its own. The target names no person: it is not erased. */
export const operatorAction =
  (action: string, target: string) =>
  (by: string): readonly FactContent[] => [{ kind: 'operator-action', by, action, target }];
