import { parentPort } from 'node:worker_threads';
import { serveIndex } from './index-thread';

// What an app's `history-worker.ts` does.
if (parentPort !== null) serveIndex(parentPort);
