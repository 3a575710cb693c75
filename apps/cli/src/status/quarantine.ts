import { type Environment, quarantineFolderOf, readConfiguration, spoolVariables } from '@pdaltagent/service';
import { Quarantine } from '@pdaltagent/spool';
import { durationOf } from '../duration';
import { type CheckResult } from './check-result';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** No result if there is no quarantine here: it is on the gateway's disk, and this command may run elsewhere. */
export async function checkQuarantine(environment: Environment, now: number): Promise<CheckResult[]> {
  const subject = 'quarantine';
  const folder = quarantineFolderOf(readConfiguration(spoolVariables, environment));
  try {
    const heads = await (await Quarantine.openExisting(folder, SILENT))?.list();
    if (heads === undefined) return [];
    const [oldest] = heads;
    if (oldest === undefined) return [{ subject, state: 'fine', detail: 'empty' }];
    const byProblem = new Map<string, number>();
    for (const { problem } of heads) byProblem.set(problem, (byProblem.get(problem) ?? 0) + 1);
    const problems = [...byProblem].map(([problem, count]) => `${count} ${problem}`).join(', ');
    return [
      {
        subject,
        state: 'attention',
        detail: `${heads.length} (${problems}) that this gateway cannot publish, the oldest for ${durationOf(now - oldest.quarantinedAt)}`,
        advice: 'list them with pdaltagent quarantine list; then replay or discard them',
      },
    ];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [{ subject, state: 'note', detail: `cannot be read by this user: ${why}` }];
  }
}
