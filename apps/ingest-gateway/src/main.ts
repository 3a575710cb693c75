import { runService } from '@pdaltagent/service';
import { setFlagsFromString } from 'node:v8';
import { createApp } from './app';
import { variables } from './configuration';

// By default V8 lets the heap grow to a multiple of the live objects before it collects garbage, which only wastes memory.
setFlagsFromString('--heap-growing-percent=20');

void runService({
  name: 'ingest-gateway',
  summary: 'accepts events like PagerDuty’s Events API, and answers 202 once they are stored durably',
  adminPort: 8090,
  variables,
  createApp,
});
