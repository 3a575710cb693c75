import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { commandLineOf } from './command-line';

const SUFFIX = '.process';

/** A started process, with what identifies it in case its id was reused. */
export interface ProcessRecord {
  /** Leader of its own process group. */
  pid: number;
  /** A text that only this process has in its command line. */
  mark: string;
  /** The process that started it. */
  owner: Owner;
}

export interface Owner {
  pid: number;
  commandLine: string;
}

/** This process, as the owner of the processes that it starts. */
export function thisProcess(): Owner {
  return { pid: process.pid, commandLine: commandLineOf(process.pid) ?? '' };
}

/** Whether the process that wrote the record is still running. */
export function isAlive(owner: Owner): boolean {
  return commandLineOf(owner.pid) === owner.commandLine;
}

/** Records a started process next to its data, so that a later run can kill it if this one cannot. */
export function recordProcess(folder: string, name: string, record: ProcessRecord): void {
  writeFileSync(path.join(folder, name + SUFFIX), JSON.stringify(record));
}

export function removeProcessRecord(folder: string, name: string): void {
  rmSync(path.join(folder, name + SUFFIX), { force: true });
}

/**
 * Kills every process recorded under the folder that outlived its owner, and removes the records. A recorded id that now
 * belongs to another process is ignored.
 * @throws Error if an owner is still running, because the folder is in use then
 */
export function killStaleProcesses(folder: string): void {
  for (const file of recordsUnder(folder)) {
    const record = readRecord(file);
    if (record !== undefined && commandLineOf(record.pid)?.includes(record.mark)) {
      if (record.owner.pid !== process.pid && isAlive(record.owner)) {
        throw new Error(`${folder} is in use by process ${record.owner.pid}`);
      }
      killGroup(record.pid);
    }
    rmSync(file, { force: true });
  }
}

/** Kills a process group; does nothing if it does not exist. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

function recordsUnder(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith(SUFFIX))
      .map((name) => path.join(folder, name));
  } catch {
    return [];
  }
}

function readRecord(file: string): ProcessRecord | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is ProcessRecord {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    typeof value.pid === 'number' &&
    'mark' in value &&
    typeof value.mark === 'string' &&
    value.mark !== '' &&
    'owner' in value &&
    typeof value.owner === 'object'
  );
}
