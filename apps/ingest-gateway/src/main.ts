import { runService } from '@pdaltagent/service';
import { setFlagsFromString } from 'node:v8';
import { createApp } from './app';
import { variables } from './configuration';

// By default the heap may grow to a multiple of what is alive before it is looked through: memory that senders would pay for
// with nothing in return.
setFlagsFromString('--heap-growing-percent=20');

void runService({
  name: 'ingest-gateway',
  summary: 'takes events as PagerDuty takes them, and answers once they cannot be lost',
  adminPort: 8090,
  variables,
  createApp,
});
