// `npm start` on a machine that has only Node and git: installs dependencies, builds, and runs the demo (apps/demo).
import './launch/node-version.mjs';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { releaseSignals } from './launch/child.mjs';
import { ensureDependencies } from './launch/dependencies.mjs';
import { explainError } from './launch/install-failure.mjs';
import { exitWithNpm } from './launch/parent.mjs';
import { buildApps } from './launch/workspace.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
process.chdir(root);
if (process.argv.slice(2).some((word) => word === '--help' || word === '-h')) {
  // Before anything is installed or built.
  const lines = JSON.parse(readFileSync('apps/demo/src/help.json', 'utf8'));
  console.log(`${lines.join('\n')}\n`);
  process.exit(0);
}
exitWithNpm();
try {
  await ensureDependencies(root);
  await buildApps(root);
} catch (error) {
  console.error(`npm start: ${explainError(error)}`);
  process.exit(1);
}
releaseSignals();
process.setSourceMapsEnabled(true);
await import(path.join(root, 'dist', 'apps', 'demo', 'main.js'));
