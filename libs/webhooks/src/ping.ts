import { type Random, SYSTEM_RANDOM, uuidAt } from '@pdaltagent/clock';
import { type Destination } from './destination';
import { eventIdOf, resourceIdOf } from './identity';
import { type QueuedWebhook } from './webhook-request';
import { formatHeaders } from './signature';

const EVENT_TYPE = 'pagey.ping';
const MESSAGE = 'Hello from your friend Pagey!';

/**
 * PagerDuty's test event, with a new id each time. In v3 it is exactly PagerDuty's (knowledge base, "Webhooks",
 * "Send Test Event"); v2 has none, so it is the same event as a v2 message without log entries and incident.
 * `now`: milliseconds since 1970.
 */
export function pingOf(
  { name, format, endpointUrl }: Destination,
  now: number,
  random: Random = SYSTEM_RANDOM,
): QueuedWebhook {
  const id = uuidAt(now, random);
  const at = new Date(now).toISOString();
  const body =
    format === 'v3'
      ? {
          event: {
            id: eventIdOf(id, now),
            event_type: EVENT_TYPE,
            resource_type: 'pagey',
            occurred_at: at,
            agent: null,
            client: null,
            data: { message: MESSAGE, type: 'ping' },
          },
        }
      : {
          messages: [
            {
              id,
              event: EVENT_TYPE,
              created_on: at,
              log_entries: [],
              webhook: {
                endpoint_url: endpointUrl,
                id: resourceIdOf(name),
                type: 'webhook',
                name,
                description: MESSAGE,
              },
            },
          ],
        };
  return { id, body: Buffer.from(JSON.stringify(body)), headers: formatHeaders(format, resourceIdOf(name)) };
}
