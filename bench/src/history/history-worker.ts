import { serveIndex } from '@pdaltagent/history';
import { parentPort } from 'node:worker_threads';

if (parentPort !== null) serveIndex(parentPort);
