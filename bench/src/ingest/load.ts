// Senders with keep-alive connections, each with one event at a time, in a separate process. They use raw sockets and prepared
// requests, so that the server under test is the bottleneck.
import { connect, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { z } from 'zod';
import { eventOf } from './event';

/** The message that starts the senders. */
const command = z.object({
  port: z.number(),
  connections: z.number(),
  keys: z.number(),
  /** Number of the first of these keys. */
  firstKey: z.number(),
  seconds: z.number(),
  /** From one event of a connection to its next, in milliseconds; longer if the response takes longer. */
  intervalMs: z.number(),
  overTls: z.boolean(),
});

const PLACEHOLDER = '0000000000';
const RECONNECT_MS = 50;
const CONNECT_BATCH = 100;
let sequence = 0;

/** One connection: sends an event, waits for its answer, sends the next. */
class Sender {
  readonly #port: number;
  readonly #intervalMs: number;
  readonly #request: Buffer;
  readonly #placeholderAt: number;
  readonly latencies: number[] = [];
  refused = 0;
  #socket: Socket | undefined;
  #sentAt = 0;
  #received = '';
  #isOver = false;

  readonly #overTls: boolean;

  constructor(port: number, key: number, { intervalMs, overTls }: { intervalMs: number; overTls: boolean }) {
    const body = eventOf(key, `alert-${PLACEHOLDER}`);
    const head = `POST /v2/enqueue HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    this.#port = port;
    this.#intervalMs = intervalMs;
    this.#overTls = overTls;
    this.#request = Buffer.concat([Buffer.from(head), body]);
    this.#placeholderAt = this.#request.indexOf(PLACEHOLDER);
  }

  /** Resolves once it has connected for the first time. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      const to = { port: this.#port, host: '127.0.0.1' };
      const socket = this.#overTls
        ? connectSecurely({ ...to, rejectUnauthorized: false })
        : connect({ ...to, noDelay: true });
      this.#socket = socket;
      this.#received = '';
      socket.once(this.#overTls ? 'secureConnect' : 'connect', () => {
        resolve();
        this.#next(Math.random() * this.#intervalMs);
      });
      socket.on('data', (chunk: Buffer) => this.#receive(chunk));
      socket.on('error', () => undefined);
      socket.once('close', () => {
        resolve();
        if (this.#isOver) return;
        this.refused += 1;
        setTimeout(() => void this.start(), RECONNECT_MS);
      });
    });
  }

  stop(): void {
    this.#isOver = true;
    this.#socket?.destroy();
  }

  #next(afterMs: number): void {
    if (afterMs <= 0) this.#send();
    else setTimeout(() => this.#send(), afterMs);
  }

  #send(): void {
    if (this.#isOver || this.#socket?.writable !== true) return;
    sequence += 1;
    this.#request.write(String(sequence).padStart(PLACEHOLDER.length, '0'), this.#placeholderAt, 'latin1');
    this.#sentAt = performance.now();
    this.#socket.write(this.#request);
  }

  #receive(chunk: Buffer): void {
    this.#received += chunk.toString('latin1');
    const bodyAt = this.#received.indexOf('\r\n\r\n') + 4;
    if (bodyAt < 4) return;
    const length = Number(/content-length: (\d+)/i.exec(this.#received)?.[1]);
    if (this.#received.length < bodyAt + length) return;
    const isAccepted = this.#received.startsWith('202', 9);
    this.#received = '';
    if (isAccepted) this.latencies.push(performance.now() - this.#sentAt);
    else this.refused += 1;
    this.#next(this.#intervalMs - (performance.now() - this.#sentAt));
  }
}

async function load({ port, connections, keys, firstKey, seconds, ...how }: z.infer<typeof command>): Promise<void> {
  const senders = Array.from({ length: connections }, (_, index) => new Sender(port, firstKey + (index % keys), how));
  const startedAt = performance.now();
  for (let from = 0; from < connections; from += CONNECT_BATCH) {
    await Promise.all(senders.slice(from, from + CONNECT_BATCH).map((sender) => sender.start()));
  }
  const elapsed = () => performance.now() - startedAt;
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, seconds * 1000 - elapsed())));
  const latencies = Float64Array.from(senders.flatMap((sender) => sender.latencies)).sort();
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? 0;
  process.send?.({
    accepted: latencies.length,
    refused: senders.reduce((sum, { refused }) => sum + refused, 0),
    seconds: elapsed() / 1000,
    medianMs: at(0.5),
    p99Ms: at(0.99),
  });
  for (const sender of senders) sender.stop();
}

process.on('message', (message) => void load(command.parse(message)));
process.on('disconnect', () => process.exit(0));
