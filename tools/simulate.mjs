// `npm run simulate -- [options]`: bundles the simulation, with a mutant if one is given, and runs it.
import { loadSimulation } from '../libs/simulation/bundle.mjs';

process.setSourceMapsEnabled(true);
// The reader may stop before the end, as `head` does.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(1);
});
const output = {
  write: (text) => process.stdout.write(text),
  progress: (text) => process.stderr.write(text),
};
const { runCommand } = await loadSimulation();
process.exitCode = await runCommand(process.argv.slice(2), output, loadSimulation);
