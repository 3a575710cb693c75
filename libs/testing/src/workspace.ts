import { existsSync } from 'node:fs';
import path from 'node:path';

/** The root of the clone, searched from the current folder upwards. */
export function workspaceRoot(): string {
  for (let folder = process.cwd(); ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'nx.json'))) return folder;
    if (folder === path.dirname(folder)) throw new Error(`${process.cwd()} is not inside a clone of PDaltagent`);
  }
}

/** The folder for all temporary files of a run; git ignores it. */
export function localFolder(): string {
  return path.join(workspaceRoot(), '.local');
}
