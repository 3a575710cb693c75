import path from 'node:path';
import { text } from './variable';

/** Where a gateway stores events: the same for the gateway and for the command that reads its quarantine. */
export const spoolVariables = {
  stateFolder: text(
    'PDAGENTD_STATE_DIR',
    './state',
    'folder for persistent state: the spool, the self-signed pair, the index of the journal',
  ),
  spoolFolder: text(
    'PDAGENTD_SPOOL_DIR',
    undefined,
    'folder of the spools, with a subfolder for each gateway; default: `spool` in PDAGENTD_STATE_DIR',
  ),
};

interface SpoolLocation {
  readonly stateFolder: string;
  readonly spoolFolder: string | undefined;
}

/** The folder of all spools. */
export function spoolRootOf({ stateFolder, spoolFolder }: SpoolLocation): string {
  return spoolFolder ?? path.join(stateFolder, 'spool');
}

/** The folder of events that cannot be published, shared by all instances that share a spool folder. */
export function quarantineFolderOf(place: SpoolLocation): string {
  return path.join(spoolRootOf(place), 'quarantine');
}
