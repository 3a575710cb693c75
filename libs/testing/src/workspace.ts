import { existsSync } from 'node:fs';
import path from 'node:path';

/** The top folder of the clone, looked for from the current folder upwards. */
export function workspaceRoot(): string {
  for (let folder = process.cwd(); ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'nx.json'))) return folder;
    if (folder === path.dirname(folder)) throw new Error(`${process.cwd()} is not inside a clone of PDaltagent`);
  }
}

/** The one folder for everything a run leaves while it lasts; git ignores it. */
export function localFolder(): string {
  return path.join(workspaceRoot(), '.local');
}
