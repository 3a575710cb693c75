import { runService } from '@pdaltagent/service';
import { createApp } from './app';
import { variables } from './configuration';

void runService({
  name: 'delivery-worker',
  summary: 'takes events off their lanes and posts them to PagerDuty, in the order of their alerts',
  adminPort: 8091,
  variables,
  createApp,
});
