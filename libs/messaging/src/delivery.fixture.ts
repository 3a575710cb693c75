import { type ConsumeMessage, type MessagePropertyHeaders, type Options } from 'amqplib';

/** amqplib types headers as any. */
type Properties = Omit<Options.Publish, 'headers'> & { readonly headers?: MessagePropertyHeaders };

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

/** What a consumer receives of a message that was published. */
export function copyOf({
  body,
  properties,
}: {
  readonly body: Buffer;
  readonly properties: Properties;
}): ConsumeMessage {
  const delivery = deliveryOf(body);
  return { ...delivery, properties: { ...delivery.properties, ...properties } };
}
