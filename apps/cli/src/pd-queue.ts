import { runQueue } from './pd-queue/run';
import { exitWith, processTerminal } from './process-terminal';

void runQueue(process.argv.slice(2), processTerminal()).then(exitWith);
