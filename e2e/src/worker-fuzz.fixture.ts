import { EVENTS, laneKey, laneOf, tolerateUndecodable, toProperties } from '@pdaltagent/messaging';
import {
  type AppProcess,
  connectToBroker,
  openRunFolder,
  type RunFolder,
  startApp,
  testServers,
  waitUntil,
} from '@pdaltagent/testing';
import { type ChannelModel } from 'amqplib';
import fc from 'fast-check';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type OddMessage, oddMessages } from './odd-messages.fixture';
import { RawPublisher } from './raw-publisher.fixture';

const BATCH = 250;
/** Of a batch, on a busy machine. */
const DELIVERED_WITHIN_MS = 180_000;
const SEED = Number(process.env.FUZZ_SEED ?? '1');
/** Of a worker with its window of odd messages, each with as much as a frame holds. */
const MOST_MEMORY_MB = 512;
const PATHS =
  /^\/(v2\/enqueue|v2\/change\/enqueue|generic\/2010-04-15\/create_event\.json|x-ere\/|integration\/|adapter\/|nagios)/;

interface Posted {
  readonly path: string;
  readonly host: string | undefined;
  readonly body: Buffer;
}

/** The number in the body of an odd message. */
function numberIn(body: Buffer): string {
  return /<(?:\d+|sound-\d+)>/.exec(body.toString('latin1', 0, 200))?.[0] ?? '';
}

/** Publishes this many odd messages, as someone with access to the broker may, to a worker, which must go on delivering. */
export function describeFuzzedWorker(cases: number): void {
  describe(`whatever is published to the queues of a worker, ${cases.toLocaleString('en')} messages`, () => {
    let folder: RunFolder;
    let pagerDuty: Server;
    let worker: AppProcess;
    let publisher: RawPublisher;
    let connection: ChannelModel;
    const posted: Posted[] = [];
    /** How often each arrived, by number. */
    const arrived = new Map<string, number>();
    const dead = new Map<string, number>();
    const count = (counts: Map<string, number>, body: Buffer): void => {
      const number = numberIn(body);
      counts.set(number, (counts.get(number) ?? 0) + 1);
    };

    beforeAll(async () => {
      const servers = await testServers();
      folder = openRunFolder('e2e-worker-fuzz');
      pagerDuty = createServer({ maxHeaderSize: 64 * 1024 }, (request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          const body = Buffer.concat(chunks);
          posted.push({ path: request.url ?? '', host: request.headers.host, body });
          count(arrived, body);
          response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"success"}');
        });
      }).listen(0, '127.0.0.1');
      await once(pagerDuty, 'listening');
      worker = await startApp('delivery-worker', {
        folder: folder.path,
        env: {
          PDAGENTD_AMQP_URL: servers.amqpUrl,
          PDAGENTD_REDIS_URL: servers.redisUrl,
          PDAGENTD_EVENTS_BASE_URL: `http://127.0.0.1:${(pagerDuty.address() as AddressInfo).port}`,
        },
      });
      publisher = new RawPublisher(servers.amqpUrl);
      connection = await connectToBroker(servers.amqpUrl);
      tolerateUndecodable(connection);
      const channel = await connection.createChannel();
      await channel.consume(EVENTS.deadLetters, (delivery) => delivery && count(dead, delivery.content), {
        noAck: true,
      });
    });
    afterAll(async () => {
      await publisher.close();
      await connection.close();
      await worker.stop();
      pagerDuty.closeAllConnections();
      pagerDuty.close();
      folder.remove();
    });

    /** A sound event for each lane, all of which must still be delivered. */
    async function allLanesDeliver(round: number): Promise<void> {
      const channel = await connection.createChannel();
      const names: string[] = [];
      for (let lane = 0; lane < EVENTS.lanes; lane += 1) {
        const routingKey = Array.from({ length: 1_000 }, (_, at) => `S${String(at).padStart(31, '0')}`).find(
          (key) => laneOf(EVENTS, key) === lane,
        );
        const name = `<sound-${round * EVENTS.lanes + lane}>`;
        if (routingKey === undefined) throw new Error('no key for a lane');
        names.push(name);
        const body = Buffer.from(JSON.stringify({ name }));
        const properties = toProperties({
          ...{ id: name, type: 'v2', routingKey, orderKey: routingKey, body },
          ...{ contentType: 'application/json', receivedAt: Date.now() },
        });
        channel.publish(EVENTS.exchange, laneKey(lane), body, properties);
      }
      await waitUntil(() => names.every((name) => arrived.has(name)), {
        what: 'every lane to deliver sound events',
        timeoutMs: DELIVERED_WITHIN_MS,
      }).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${worker.lastLines(20)}`);
      });
      await channel.close();
    }

    async function allAccountedFor(sent: readonly OddMessage[]): Promise<void> {
      const missing = () =>
        sent.filter(({ number, isOwn, body }) => {
          const name = `<${number}>`;
          return !isOwn && body.length > 0 && !arrived.has(name) && !dead.has(name);
        });
      await waitUntil(() => missing().length === 0, {
        what: 'all to arrive or become dead letters',
        timeoutMs: DELIVERED_WITHIN_MS,
      }).catch((error: unknown) => {
        const shown = missing().map(({ number, oddities, routingKey }) => ({ number, oddities, routingKey }));
        throw new Error(
          `${String(error)}\n${JSON.stringify(shown, undefined, 1).slice(0, 8_000)}\n${worker.lastLines(20)}`,
        );
      });
    }

    it('no message ends it or its connection, and each is delivered or becomes a dead letter', async () => {
      const drawn = fc.sample(oddMessages(Date.now()), { numRuns: cases, seed: SEED });
      let accepted = 0;
      let most = 0;
      for (let first = 0; first < cases; first += BATCH) {
        const made = drawn.slice(first, first + BATCH).map((make, at) => make(first + at));
        const sent: OddMessage[] = await publisher.publish(made);
        accepted += sent.length;
        await allAccountedFor(sent);
        await allLanesDeliver(first / BATCH);
        const bodies = new Map(sent.map(({ number, body }) => [`<${number}>`, body]));
        for (const { path, host, body } of posted.splice(0)) {
          expect(path).toMatch(PATHS);
          expect(host).toMatch(/^127\.0\.0\.1:/);
          const expected = bodies.get(numberIn(body));
          if (expected !== undefined) expect(body.equals(expected)).toBe(true);
        }
        const metrics = await (await fetch(`${worker.url}/metrics`)).text();
        most = Math.max(most, Number(/^process_resident_memory_bytes (\S+)/m.exec(metrics)?.[1]) / 1024 / 1024);
      }
      const errors = worker.lines.filter(({ level }) => level === 'error').map(({ message }) => message);
      const lost = worker.lines.filter(({ message }) =>
        /broker unreachable|exception|closed the channel/.test(message),
      );
      process.stderr.write(
        `odd messages: ${cases} sent, ${accepted} accepted by the broker, ${dead.size} dead letters, at most ${most.toFixed(0)} MB, errors ${JSON.stringify([...new Set(errors)])}\n`,
      );
      expect(lost).toEqual([]);
      expect(accepted).toBeGreaterThan(cases / 2);
      expect(most).toBeLessThan(MOST_MEMORY_MB);
    }, 7_200_000);
  });
}
