import { isIP } from 'node:net';
import { choice, custom, url } from './variable';

/** The broker, for processes that use queues but do not declare them. */
export const brokerVariables = {
  amqpUrl: url('PDAGENTD_AMQP_URL', 'amqp://guest:guest@localhost:5672', 'RabbitMQ', {
    schemes: ['amqp', 'amqps', 'pyamqp'],
    aliases: ['CELERY_BROKER_URL'],
    secret: true,
  }),
};

/** For processes that declare queues: must be the same in all of them. */
export const queueVariables = {
  ...brokerVariables,
  queueType: choice(
    'PDAGENTD_QUEUE_TYPE',
    ['quorum', 'classic'],
    'quorum',
    'type of the queues in RabbitMQ; the same in all services',
  ),
};

export const redisVariables = {
  redisUrl: url('PDAGENTD_REDIS_URL', 'redis://localhost:6379', 'Redis, which stores what was read and delivered', {
    schemes: ['redis', 'rediss'],
    secret: true,
  }),
};

/** For processes that listen on a port. */
export const listenVariables = {
  listenAddress: custom(
    'PDAGENTD_LISTEN_ADDRESS',
    'IP address on which all ports are opened, for example 127.0.0.1; if unset: every address of this host',
    {
      mustBe: 'an IP address, for example 127.0.0.1',
      parse: (text: string) => (isIP(text.trim()) === 0 ? undefined : text.trim()),
    },
  ),
};
