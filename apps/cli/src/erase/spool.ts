import { type Criterion, ERASE_PATH, type EraseRequest, eraseResponseSchema } from '@pdaltagent/operations';
import { readConfiguration, spoolRootOf, spoolVariables } from '@pdaltagent/service';
import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import path from 'node:path';
import { operatorOf, operatorVariables } from '../journal/operator';
import { reasonOf } from '../quarantine/folder';
import { type Terminal } from '../terminal';
import { NOT_HERE, type PlaceResult } from './place';

/** A large spool is read and compacted. */
const TIMEOUT_MS = 10 * 60_000;

/**
 * Lets the gateways here erase matching events of their spools, or only count them: only they can open them.
 */
export async function eraseSpools(
  { environment }: Pick<Terminal, 'environment'>,
  criterion: Criterion,
  isDryRun: boolean,
): Promise<PlaceResult> {
  const lanes = path.join(spoolRootOf(readConfiguration(spoolVariables, environment)), 'lanes');
  const by = operatorOf(readConfiguration(operatorVariables, environment), environment);
  const problems: string[] = [];
  const result = { found: 0, erased: 0 };
  let answered = 0;
  try {
    const sockets = (await readdir(lanes)).filter((name) => name.endsWith('.sock'));
    for (const name of sockets) {
      try {
        const { spool } = await ask(path.join(lanes, name), { criterion, dryRun: isDryRun, by });
        answered += 1;
        result.found += spool.found;
        result.erased += spool.erased;
        problems.push(...spool.problems);
      } catch (error) {
        // A gateway that ended without removing it: what it left is drained, and searched, by the others.
        if (!isRefused(error)) problems.push(`the gateway of ${name} did not search its spool: ${reasonOf(error)}`);
      }
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return NOT_HERE;
    problems.push(`the folder of the spools cannot be read: ${reasonOf(error)}; run this as the user of the gateway`);
  }
  if (answered === 0 && problems.length === 0)
    problems.push(
      `no gateway is using the spools in ${lanes}: start it to search them, as only a gateway can open them`,
    );
  return { ...result, problems };
}

/** Longer requests are refused by the gateway. */
const IDS_OF_A_REQUEST = 1_000;

/** Which of these messages are in the spools of gateways that run here; what cannot be asked has none of them. */
export async function spooledIds(
  { environment }: Pick<Terminal, 'environment'>,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const lanes = path.join(spoolRootOf(readConfiguration(spoolVariables, environment)), 'lanes');
  const sockets = (await readdir(lanes).catch(() => [])).filter((name) => name.endsWith('.sock'));
  for (const name of sockets) {
    for (let start = 0; start < ids.length; start += IDS_OF_A_REQUEST)
      await addSpooled(path.join(lanes, name), ids.slice(start, start + IDS_OF_A_REQUEST), found).catch(
        () => undefined,
      );
  }
  return found;
}

/** A gateway counts only: if it has some of them, it is asked for halves. */
async function addSpooled(socketPath: string, ids: readonly string[], found: Set<string>): Promise<void> {
  if (ids.length === 0) return;
  const criterion: Criterion = { kind: 'ids', value: ids.join('\n') };
  const { spool } = await ask(socketPath, { criterion, dryRun: true });
  if (spool.found === 0) return;
  if (spool.found >= ids.length) for (const id of ids) found.add(id);
  else {
    const middle = Math.ceil(ids.length / 2);
    await addSpooled(socketPath, ids.slice(0, middle), found);
    await addSpooled(socketPath, ids.slice(middle), found);
  }
}

function ask(socketPath: string, content: EraseRequest) {
  return new Promise<ReturnType<typeof eraseResponseSchema.parse>>((resolve, reject) => {
    const options = { socketPath, path: ERASE_PATH, method: 'POST', headers: { 'content-type': 'application/json' } };
    const asking = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('error', reject);
      response.on('end', () => {
        try {
          if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}: ${text}`);
          resolve(eraseResponseSchema.parse(JSON.parse(text)));
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
    asking.setTimeout(TIMEOUT_MS, () => asking.destroy(new Error(`no response within ${TIMEOUT_MS / 60_000} minutes`)));
    asking.on('error', reject);
    asking.end(JSON.stringify(content));
  });
}

const isRefused = (error: unknown): boolean => hasCode(error, 'ECONNREFUSED') || hasCode(error, 'ENOENT');

function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
