// A destination that answers after a delay, in a separate process, so that it costs the sender nothing. It counts requests. If it
// treats some keys differently, it also records how long each event of the others took from its acceptance.
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { z } from 'zod';

const ALLOWED_A_MINUTE = 120;
const [, , latency, certificate, privateKey] = process.argv;
const latencyMs = Number(latency);
let count = 0;
let firstAt = 0;
let lastAt = 0;
let noise: Noise | undefined;
/** By throttled key: when its events of the last minute were accepted. */
const taken = new Map<string, number[]>();
let latencies: Record<string, number[]> = {};

/** Keys that it throttles as PagerDuty does, answers slowly, or never. */
const noisy = z.object({ keys: z.array(z.string()), effect: z.enum(['throttled', 'hangs', 'slow']), ms: z.number() });
type Noise = z.infer<typeof noisy>;

const event = z.object({
  routing_key: z.string(),
  payload: z.object({ custom_details: z.object({ sentAt: z.number() }) }),
});

const KEPT = { keepAliveTimeout: 60_000 };
const server =
  certificate === undefined || privateKey === undefined
    ? createServer(KEPT, take)
    : createSecureServer({ ...KEPT, cert: readFileSync(certificate), key: readFileSync(privateKey) }, take);
server.listen(0, '127.0.0.1', () => {
  const address: AddressInfo | string | null = server.address();
  if (address !== null && typeof address === 'object') process.send?.({ port: address.port });
});

function take(request: IncomingMessage, response: ServerResponse): void {
  if (noise !== undefined) return void look(noise, request, response);
  request.resume().once('end', () => setTimeout(() => accept(response), latencyMs));
}

function accept(response: ServerResponse): void {
  count += 1;
  lastAt = performance.now();
  if (firstAt === 0) firstAt = lastAt;
  response
    .writeHead(202, { 'content-type': 'application/json' })
    .end('{"status":"success","message":"Event processed"}');
}

async function look({ keys, effect, ms }: Noise, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const arrivedAt = performance.timeOrigin + performance.now();
  const { routing_key: key, payload } = event.parse(await json(request));
  if (!keys.includes(key)) (latencies[key] ??= []).push(arrivedAt - payload.custom_details.sentAt);
  else if (effect === 'hangs') return;
  else if (effect === 'slow') return void setTimeout(() => accept(response), ms);
  else if (!isAllowed(key, arrivedAt)) return void response.writeHead(429).end();
  setTimeout(() => accept(response), latencyMs);
}

function isAllowed(key: string, now: number): boolean {
  const recent = (taken.get(key) ?? []).filter((at) => at > now - 60_000);
  taken.set(key, recent);
  if (recent.length >= ALLOWED_A_MINUTE) return false;
  recent.push(now);
  return true;
}

process.on('message', (message) => {
  if (message === 'count') process.send?.({ count, seconds: (lastAt - firstAt) / 1000 });
  if (message === 'latencies') process.send?.(latencies);
  if (typeof message === 'string' && message.startsWith('noise ')) {
    noise = noisy.parse(JSON.parse(message.slice('noise '.length)));
    process.send?.({});
  }
  if (message !== 'reset') return;
  count = 0;
  firstAt = 0;
  latencies = {};
  process.send?.({ count, seconds: 0 });
});
process.on('disconnect', () => process.exit(0));
