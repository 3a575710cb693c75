import { type ConsumeMessage } from 'amqplib';

const absent = undefined;

/** What a consumer receives for a message without properties. */
export function deliveryOf(content: Buffer): ConsumeMessage {
  return {
    content,
    fields: { deliveryTag: 1, redelivered: false, exchange: '', routingKey: '', consumerTag: '' },
    properties: {
      headers: {},
      contentType: absent,
      contentEncoding: absent,
      deliveryMode: absent,
      priority: absent,
      correlationId: absent,
      replyTo: absent,
      expiration: absent,
      messageId: absent,
      timestamp: absent,
      type: absent,
      userId: absent,
      appId: absent,
      clusterId: absent,
    },
  };
}
