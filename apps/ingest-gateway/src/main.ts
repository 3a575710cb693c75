import { runService } from '@pdaltagent/service';
import { setFlagsFromString } from 'node:v8';
import { createApp } from './app';
import { variables } from './configuration';

// By default the heap may grow to a multiple of what is alive before it is looked through: memory that senders would pay for
// with nothing in return.
setFlagsFromString('--heap-growing-percent=20');

void runService({
  name: 'ingest-gateway',
  summary: 'accepts events as PagerDuty does, and answers 202 once they are stored durably',
  adminPort: 8090,
  variables,
  createApp,
});
