import { exitWith, processTerminal } from './process-terminal';
import { run } from './run';

void run(process.argv.slice(2), processTerminal()).then(exitWith);
