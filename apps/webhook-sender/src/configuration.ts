import { choice, type ConfigurationOf, integer, sendingVariables, url } from '@pdaltagent/service';

export const variables = {
  amqpUrl: url('PDAGENTD_AMQP_URL', 'amqp://guest:guest@localhost:5672', 'RabbitMQ', {
    schemes: ['amqp', 'amqps', 'pyamqp'],
    aliases: ['CELERY_BROKER_URL'],
    secret: true,
  }),
  queueType: choice('PDAGENTD_QUEUE_TYPE', ['quorum', 'classic'], 'quorum', 'what kind of queues RabbitMQ keeps'),
  redisUrl: url('PDAGENTD_REDIS_URL', 'redis://localhost:6379', 'Redis, which remembers what was delivered', {
    schemes: ['redis', 'rediss'],
    secret: true,
  }),
  ...sendingVariables,
  maximumAgeSeconds: integer(
    'PDAGENTD_WEBHOOK_MAX_AGE_SECONDS',
    172_800,
    'a webhook that is not delivered by then becomes a dead letter; seconds (PagerDuty: 48 hours)',
    { min: 1 },
  ),
  concurrency: integer('PDAGENTD_WEBHOOK_CONCURRENCY', 64, 'webhooks on their way at one time', {
    min: 1,
    max: 10_000,
  }),
};

export type Configuration = ConfigurationOf<typeof variables>;
