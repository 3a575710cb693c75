import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { commandLineOf } from './command-line';
import { isAlive, killStaleProcesses, type Owner, thisProcess } from './process-record';
import { localFolder } from './workspace';

const OWNER_FILE = 'owner.json';

/** A folder for one run of one process, in .local/run. */
export interface RunFolder {
  readonly path: string;
  /** Removes the folder and its contents. */
  remove(): void;
}

/**
 * Creates a folder for this run, so that concurrent runs do not interfere. First removes the folders, and kills the
 * processes, of runs that were killed.
 */
export function openRunFolder(name: string, root = path.join(localFolder(), 'run')): RunFolder {
  mkdirSync(root, { recursive: true });
  for (const entry of readdirSync(root)) removeIfAbandoned(path.join(root, entry));
  const folder = path.join(root, `${name}-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, OWNER_FILE), JSON.stringify(thisProcess()));
  return { path: folder, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }) };
}

function removeIfAbandoned(folder: string): void {
  if (isInUse(folder)) return;
  try {
    killStaleProcesses(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    // It belongs to another user, or another run has just removed it.
  }
}

function isInUse(folder: string): boolean {
  const owner = readOwner(folder);
  if (owner !== undefined) return isAlive(owner);
  // Just being created, or created by a script: then its name ends with the script's process id.
  const pid = /-(\d+)$/.exec(folder)?.[1];
  return pid === undefined || commandLineOf(Number(pid)) !== undefined;
}

function readOwner(folder: string): Owner | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path.join(folder, OWNER_FILE), 'utf8'));
    return isOwner(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isOwner(value: unknown): value is Owner {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    typeof value.pid === 'number' &&
    'commandLine' in value &&
    typeof value.commandLine === 'string'
  );
}
