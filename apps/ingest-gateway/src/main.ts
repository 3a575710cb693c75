import { runService } from '@pdaltagent/service';
import { createApp } from './app';
import { variables } from './configuration';

void runService({
  name: 'ingest-gateway',
  summary: 'takes events as PagerDuty takes them, and answers once they cannot be lost',
  adminPort: 8090,
  variables,
  createApp,
});
