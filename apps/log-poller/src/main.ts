import { runService } from '@pdaltagent/service';
import { createApp } from './app';
import { variables } from './configuration';

void runService({
  name: 'log-poller',
  summary: 'reads PagerDuty’s log entries and queues a webhook for each new one',
  adminPort: 8092,
  variables,
  createApp,
});
