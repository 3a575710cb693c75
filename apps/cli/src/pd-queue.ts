import { runQueue } from './pd-queue/run';
import { endWith, processTerminal } from './process-terminal';

void runQueue(process.argv.slice(2), processTerminal()).then(endWith);
