import { choice, type ConfigurationOf, custom, integer, text, url } from '@pdaltagent/service';
import { parseDestinations } from '@pdaltagent/webhooks';

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
  destinations: custom('PDAGENTD_WEBHOOK_DEST_URL', 'where webhooks go, one or more URLs separated by commas', {
    wants: 'http:// or https:// URLs, separated by commas, each once',
    parse: parseDestinations,
    secret: true,
  }),
  secrets: custom('PDAGENTD_WEBHOOK_SECRET', 'signs webhooks; two, separated by a comma, while one is being replaced', {
    wants: 'one secret, or two separated by a comma',
    parse: secretsOf,
    secret: true,
  }),
  timeoutSeconds: integer('PDAGENTD_WEBHOOK_TIMEOUT_SECONDS', 5, 'how long a destination may take to answer', {
    min: 1,
    max: 600,
  }),
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
  certificateAuthorities: text('PDAGENTD_CA_FILE', undefined, 'further authorities to trust (PEM)'),
};

export type Configuration = ConfigurationOf<typeof variables>;

function secretsOf(value: string): readonly string[] | undefined {
  const secrets = value.split(',').map((secret) => secret.trim());
  return secrets.length <= 2 && !secrets.includes('') ? secrets : undefined;
}
