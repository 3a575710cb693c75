// Imported before anything else: reports clearly if Node is too old.
import { readFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const wanted = manifest.engines.node.replace('>=', '').split('.').map(Number);
const here = process.versions.node.split('.').map(Number);
const isOld = here[0] < wanted[0] || (here[0] === wanted[0] && here[1] < (wanted[1] || 0));
if (isOld) {
  console.error(`PDaltagent needs Node ${wanted.join('.')} or newer; this is ${process.versions.node}.`);
  process.exit(1);
}
