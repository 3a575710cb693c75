import { connectToBroker } from '@pdaltagent/testing';
import { fromDelivery, type IncomingMessage, laneQueue, WEBHOOKS } from '@pdaltagent/messaging';
import { type ChannelModel } from 'amqplib';

/** Consumes all messages of the webhook lanes, as a sender would, and records them. */
export class Lanes {
  readonly messages: IncomingMessage[] = [];

  private constructor(private readonly connection: ChannelModel) {}

  /** Purges the lanes first: an earlier test may have left repeats in them. */
  static openEmpty(url: string): Promise<Lanes> {
    return Lanes.open(url, true);
  }

  /** To be called once the topology is declared. */
  static async open(url: string, isEmpty = false): Promise<Lanes> {
    const connection = await connectToBroker(url);
    const lanes = new Lanes(connection);
    const channel = await connection.createChannel();
    for (let lane = 0; lane < WEBHOOKS.lanes; lane += 1) {
      if (isEmpty) await channel.purgeQueue(laneQueue(WEBHOOKS, lane));
      await channel.consume(laneQueue(WEBHOOKS, lane), (delivery) => {
        if (delivery === null) return;
        const parsed = fromDelivery(delivery);
        if (parsed.kind === 'message') lanes.messages.push(parsed.message);
        channel.ack(delivery);
      });
    }
    return lanes;
  }

  /** The log entry ids of the messages, in order of arrival. */
  entryIds(): string[] {
    return this.messages.map(({ body }) => {
      const parsed = JSON.parse(body.toString()) as { messages: [{ log_entries: [{ id: string }] }] };
      return parsed.messages[0].log_entries[0].id;
    });
  }

  async close(): Promise<void> {
    await this.connection.close();
  }
}
