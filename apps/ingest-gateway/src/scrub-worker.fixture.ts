import { buildSync } from 'esbuild';
import path from 'node:path';

/** Bundles the thread's script into a folder, as a build does. */
export function buildScrubWorker(folder: string): string {
  const outfile = path.join(folder, 'scrub-worker.js');
  buildSync({
    entryPoints: [path.join(__dirname, 'scrub-worker.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'error',
  });
  return outfile;
}
