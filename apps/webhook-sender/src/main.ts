import { runService } from '@pdaltagent/service';
import { createApp } from './app';
import { variables } from './configuration';

void runService({
  name: 'webhook-sender',
  summary: 'posts queued webhooks to their destinations, in order for each incident',
  adminPort: 8093,
  variables,
  createApp,
});
