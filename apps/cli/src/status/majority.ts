import { PULSE_QUEUE } from '@pdaltagent/messaging';
import { type BrokerClient, BrokerUnavailable } from '@pdaltagent/operations';
import { type CheckResult } from './check-result';

/** Another leader is found within a second. */
const REPLY_WITHIN_MS = 3_000;

/**
 * Whether our node of the broker reaches a majority of its cluster: asked as workers ask it every second.
 * @returns undefined if it does, or if that cannot be known: no worker of this version has started yet, or this user may not ask
 */
export async function checkMajority(client: BrokerClient): Promise<CheckResult | undefined> {
  const channel = await client.channel();
  try {
    const subscribed = channel.consume(PULSE_QUEUE, () => undefined, { noAck: true });
    await client.withTimeout(subscribed, REPLY_WITHIN_MS);
    await client.withTimeout(channel.close());
    return undefined;
  } catch (error) {
    if (!(error instanceof BrokerUnavailable)) return undefined;
    return {
      subject: 'broker',
      state: 'attention',
      detail: `RabbitMQ ${client.version} responds, but a majority of its nodes does not`,
      advice:
        'compare the nodes that run (rabbitmqctl cluster_status, on each of them); until a majority replies, workers send nothing',
    };
  }
}
