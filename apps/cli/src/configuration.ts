import { secret, text, url } from '@pdaltagent/service';

/** What the commands need that work against the broker alone. */
export const brokerVariables = {
  amqpUrl: url('PDAGENTD_AMQP_URL', 'amqp://guest:guest@localhost:5672', 'RabbitMQ', {
    schemes: ['amqp', 'amqps', 'pyamqp'],
    aliases: ['CELERY_BROKER_URL'],
    secret: true,
  }),
};

export const redisVariables = {
  redisUrl: url('PDAGENTD_REDIS_URL', 'redis://localhost:6379', 'Redis, which remembers what was delivered', {
    schemes: ['redis', 'rediss'],
    secret: true,
  }),
};

export const pagerDutyVariables = {
  eventsBaseUrl: url('PDAGENTD_EVENTS_BASE_URL', 'https://events.pagerduty.com', 'PagerDuty’s Events API'),
  apiBaseUrl: url('PDAGENTD_API_BASE_URL', 'https://api.pagerduty.com', 'PagerDuty’s REST API'),
  apiToken: secret('PDAGENTD_API_TOKEN', 'REST API key or OAuth token'),
  certificateAuthorities: text('PDAGENTD_CA_FILE', undefined, 'further authorities to trust (PEM)'),
};
