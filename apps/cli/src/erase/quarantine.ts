import { type Matches } from '@pdaltagent/operations';
import { quarantineFolderOf, readConfiguration, spoolVariables } from '@pdaltagent/service';
import { Quarantine } from '@pdaltagent/spool';
import { recordActions } from '../journal/record-actions';
import { eventOf } from '../quarantine/event';
import { reasonOf } from '../quarantine/folder';
import { type Terminal } from '../terminal';
import { NOT_HERE, type PlaceResult } from './place';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Erases matching events of the quarantine here, or only counts them. */
export async function eraseQuarantine(terminal: Terminal, matches: Matches, isDryRun: boolean): Promise<PlaceResult> {
  const folder = quarantineFolderOf(readConfiguration(spoolVariables, terminal.environment));
  let found = 0;
  const erased: string[] = [];
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
      erased.push(id);
    }
    return { found, erased: erased.length, problems: [] };
  } catch (error) {
    const problem = `the quarantine was not searched to the end: ${reasonOf(error)}`;
    return { found, erased: erased.length, problems: [problem] };
  } finally {
    await recordActions(terminal, (by) =>
      erased.map((id) => ({ kind: 'discarded', group: 'events', id, from: 'quarantine', by, why: 'erased' })),
    );
  }
}
