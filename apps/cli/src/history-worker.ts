// The thread that owns the index of the journal. Bundled as dist/apps/cli/history-worker.js, with the native code next to it.
import { serveIndex } from '@pdaltagent/history';
import { parentPort } from 'node:worker_threads';

if (parentPort !== null) serveIndex(parentPort);
