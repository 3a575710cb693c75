import { type Matches } from '@pdaltagent/operations';
import { quarantineFolderOf, readConfiguration, spoolVariables } from '@pdaltagent/service';
import { Quarantine } from '@pdaltagent/spool';
import { eventOf } from '../quarantine/event';
import { reasonOf } from '../quarantine/folder';
import { type Terminal } from '../terminal';
import { NOT_HERE, type PlaceResult } from './place';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Erases matching events of the quarantine here, or only counts them. */
export async function eraseQuarantine(
  { environment }: Pick<Terminal, 'environment'>,
  matches: Matches,
  isDryRun: boolean,
): Promise<PlaceResult> {
  const folder = quarantineFolderOf(readConfiguration(spoolVariables, environment));
  let found = 0;
  let erased = 0;
  try {
    const quarantine = await Quarantine.openExisting(folder, SILENT);
    if (quarantine === undefined) return NOT_HERE;
    for (const { id } of await quarantine.list()) {
      const entry = await quarantine.read(id);
      if (entry === undefined) continue;
      const { body, message } = eventOf(entry);
      if (!matches({ body, message, response: entry.detail ?? '' })) continue;
      found += 1;
      if (isDryRun) continue;
      await quarantine.remove(id);
      erased += 1;
    }
    return { found, erased, problems: [] };
  } catch (error) {
    return { found, erased, problems: [`the quarantine was not searched to the end: ${reasonOf(error)}`] };
  }
}
