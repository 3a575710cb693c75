// What taking an event costs without validation, limits, keys and spool: node:http parses the JSON, amqplib publishes, the
// broker's confirm answers.
import { connect } from 'amqplib';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { z } from 'zod';

const [, , amqpUrl = '', queue = ''] = process.argv;
const event = z.object({ dedup_key: z.string() });

async function main(): Promise<void> {
  const connection = await connect(amqpUrl);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });

  const take = (body: Buffer, response: ServerResponse): void => {
    const { dedup_key } = event.parse(JSON.parse(body.toString()));
    channel.sendToQueue(queue, body, { persistent: true, contentType: 'application/json' }, (error: unknown) => {
      const status = error ? 503 : 202;
      const text = JSON.stringify({ status: error ? 'error' : 'success', message: 'Event processed', dedup_key });
      response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
      response.end(text);
    });
  };

  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => take(Buffer.concat(chunks), response));
  });
  server.listen(0, '127.0.0.1', () => {
    const address: AddressInfo | string | null = server.address();
    if (address !== null && typeof address === 'object') process.send?.({ port: address.port });
  });
}

process.on('disconnect', () => process.exit(0));
void main();
