import { EVENTS, Publisher } from '@pdaltagent/messaging';
import { type App, type Context } from '@pdaltagent/service';
import { type Configuration } from './configuration';
import { Gateway } from './gateway';

/** The gateway with RabbitMQ behind it. */
export function createApp(configuration: Configuration, { logger, metrics }: Context): App {
  const publisher = new Publisher({
    url: configuration.amqpUrl.replace(/^pyamqp:/, 'amqp:'),
    name: 'ingest-gateway',
    family: EVENTS,
    queueType: configuration.queueType,
    confirmTimeoutMs: configuration.confirmTimeoutMs,
    log: logger,
  });
  const gateway = new Gateway({ configuration, sink: publisher, logger, metrics });
  return {
    start: async () => {
      await gateway.start();
      publisher.start();
    },
    stop: async () => {
      await gateway.stop();
      await publisher.close();
    },
    readiness: () => {
      const broker = publisher.state();
      return { ready: broker === 'connected', checks: { broker } };
    },
  };
}
