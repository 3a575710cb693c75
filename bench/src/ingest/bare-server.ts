// The cost of accepting an event without validation, limits, keys and spool: node:http receives it, amqplib publishes it, and the
// broker's confirm is the response. Uses one queue, or one per lane, selected by routing key as in the gateway.
import { laneOf } from '@pdaltagent/messaging';
import { connect } from 'amqplib';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import { z } from 'zod';

const { amqpUrl, queues, certificate } = z
  .object({
    amqpUrl: z.string(),
    queues: z.array(z.string()),
    certificate: z.object({ certificate: z.string(), key: z.string() }).optional(),
  })
  .parse(JSON.parse(process.argv[2] ?? ''));
const event = z.object({ routing_key: z.string(), dedup_key: z.string() });

async function main(): Promise<void> {
  const connection = await connect(amqpUrl);
  const channel = await connection.createConfirmChannel();
  for (const queue of queues) {
    await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  }
  const lanes = { lanes: queues.length };

  const take = (body: Buffer, response: ServerResponse): void => {
    const { routing_key, dedup_key } = event.parse(JSON.parse(body.toString()));
    const queue = queues.length === 1 ? queues[0] : queues[laneOf(lanes, routing_key)];
    channel.sendToQueue(queue ?? '', body, { persistent: true, contentType: 'application/json' }, (error: unknown) => {
      const status = error ? 503 : 202;
      const text = JSON.stringify({ status: error ? 'error' : 'success', message: 'Event processed', dedup_key });
      response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
      response.end(text);
    });
  };

  const receive = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => take(Buffer.concat(chunks), response));
  };
  const kept = { keepAliveTimeout: 60_000 };
  const server =
    certificate === undefined
      ? createServer(kept, receive)
      : createSecureServer(
          { ...kept, cert: readFileSync(certificate.certificate), key: readFileSync(certificate.key) },
          receive,
        );
  server.listen(0, '127.0.0.1', () => {
    const address: AddressInfo | string | null = server.address();
    if (address !== null && typeof address === 'object') process.send?.({ port: address.port });
  });
}

process.on('disconnect', () => process.exit(0));
void main();
