import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { classifyEvent, type Outcome } from '@pdaltagent/delivery';
import { pathOf } from '@pdaltagent/events';
import { type PostClient } from '@pdaltagent/http';
import { type IncomingMessage } from '@pdaltagent/messaging';

const USER_AGENT = `PDaltagent/${process.env.PDALTAGENT_VERSION ?? 'development'}`;

/** One attempt to post an event to PagerDuty: the exact bytes, the sender's content type and vendor headers. */
export function createDelivery(client: PostClient, baseUrl: string, clock: Clock = SYSTEM_CLOCK) {
  return async (message: IncomingMessage, signal: AbortSignal): Promise<Outcome> => {
    const { type, routingKey, body, contentType, forward, query, adapter, traceparent } = message;
    if (type === 'webhook') return { kind: 'rejected', status: 0, response: 'a webhook on an event lane' };
    const attempt = await client.post({
      url: baseUrl + pathOf(type, routingKey, adapter) + (query === undefined ? '' : `?${query}`),
      headers: {
        'user-agent': USER_AGENT,
        ...forward,
        'content-type': contentType,
        ...(traceparent === undefined ? {} : { traceparent }),
      },
      body,
      signal,
    });
    return classifyEvent(type, attempt, clock.wall());
  };
}
