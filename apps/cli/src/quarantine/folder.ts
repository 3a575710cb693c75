import { quarantineFolderOf, readConfiguration, spoolVariables } from '@pdaltagent/service';
import { Quarantine } from '@pdaltagent/spool';
import { access, constants } from 'node:fs/promises';
import { CliError, type Terminal } from '../terminal';
import { eventOf, type QuarantinedEvent } from './event';

const WHERE = 'run this where the gateway runs, with its PDAGENTD_SPOOL_DIR or PDAGENTD_STATE_DIR';
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Opens the quarantine of the gateway with these settings. @throws CliError that says what to do */
export async function openQuarantine({ environment }: Pick<Terminal, 'environment'>): Promise<Quarantine> {
  const folder = quarantineFolderOf(readConfiguration(spoolVariables, environment));
  const quarantine = await Quarantine.openExisting(folder, SILENT).catch((error: unknown) => {
    throw new CliError(`the quarantine cannot be read: ${reasonOf(error)}; run this as the user of the gateway`);
  });
  if (quarantine === undefined) throw new CliError(`there is no quarantine at ${folder}: ${WHERE}`);
  return quarantine;
}

/** Opens it to remove events. @throws CliError if this user cannot remove anything */
export async function openForChange(terminal: Pick<Terminal, 'environment'>): Promise<Quarantine> {
  const quarantine = await openQuarantine(terminal);
  await access(quarantine.folder, constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw new CliError(`the quarantine cannot be changed: ${reasonOf(error)}; run this as the user of the gateway`);
  });
  return quarantine;
}

/** Every event, oldest first, one in memory at a time; events removed meanwhile are skipped. */
export async function* eventsIn(quarantine: Quarantine): AsyncGenerator<QuarantinedEvent> {
  for (const { id } of await quarantine.list()) {
    const entry = await quarantine.read(id);
    if (entry !== undefined) yield eventOf(entry);
  }
}

/** `3 events in the quarantine`. */
export function quarantineSummary(count: number): string {
  return count === 0 ? 'the quarantine is empty' : `${countText(count)} in the quarantine`;
}

export function countText(count: number): string {
  return `${count} ${count === 1 ? 'event' : 'events'}`;
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
