import { runService } from '@pdaltagent/service';
import { createApp } from './app';
import { variables } from './configuration';

void runService({
  name: 'delivery-worker',
  summary: 'consumes events from their lanes and posts them to PagerDuty, in order for each alert',
  adminPort: 8091,
  variables,
  createApp,
});
