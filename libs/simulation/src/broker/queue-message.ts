import { type MessageProperties } from 'amqplib';

export interface BrokerMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly content: Buffer;
  readonly properties: MessageProperties;
}

/** A message in a queue. */
export interface QueueEntry {
  readonly id: number;
  readonly message: BrokerMessage;
  readonly returns: number;
}
