// A destination that answers after a delay, in a separate process, so that it costs the sender nothing. It counts requests. If a
// key is to be throttled as PagerDuty does, it also records how long each event took from its acceptance.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { z } from 'zod';

const ALLOWED_A_MINUTE = 120;
const latencyMs = Number(process.argv[2]);
let count = 0;
let firstAt = 0;
let lastAt = 0;
let throttled: string | undefined;
let taken: number[] = [];
let latencies: Record<string, number[]> = {};

const event = z.object({
  routing_key: z.string(),
  payload: z.object({ custom_details: z.object({ sentAt: z.number() }) }),
});

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  if (throttled !== undefined) return void look(request, response);
  request.resume().once('end', () => setTimeout(() => accept(response), latencyMs));
});
server.listen(0, '127.0.0.1', () => {
  const address: AddressInfo | string | null = server.address();
  if (address !== null && typeof address === 'object') process.send?.({ port: address.port });
});

function accept(response: ServerResponse): void {
  count += 1;
  lastAt = performance.now();
  if (firstAt === 0) firstAt = lastAt;
  response
    .writeHead(202, { 'content-type': 'application/json' })
    .end('{"status":"success","message":"Event processed"}');
}

async function look(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const arrivedAt = performance.timeOrigin + performance.now();
  const { routing_key: key, payload } = event.parse(await json(request));
  if (key === throttled) {
    taken = taken.filter((at) => at > arrivedAt - 60_000);
    if (taken.length >= ALLOWED_A_MINUTE) return void response.writeHead(429).end();
    taken.push(arrivedAt);
  } else {
    (latencies[key] ??= []).push(arrivedAt - payload.custom_details.sentAt);
  }
  setTimeout(() => accept(response), latencyMs);
}

process.on('message', (message) => {
  if (message === 'count') process.send?.({ count, seconds: (lastAt - firstAt) / 1000 });
  if (message === 'latencies') process.send?.(latencies);
  if (typeof message === 'string' && message.startsWith('throttle ')) {
    throttled = message.slice('throttle '.length);
    process.send?.({});
  }
  if (message !== 'reset') return;
  count = 0;
  firstAt = 0;
  latencies = {};
  process.send?.({ count, seconds: 0 });
});
process.on('disconnect', () => process.exit(0));
