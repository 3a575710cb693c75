import {
  connectToBroker,
  expectedBody,
  FuzzedConnection,
  type FuzzedRequest,
  fuzzedRequests,
  type FuzzedResponse,
  waitUntil,
  withoutGeneratedKey,
} from '@pdaltagent/testing';
import fc from 'fast-check';
import { z } from 'zod';
import { EVENTS } from '@pdaltagent/messaging';
import { type ChannelModel } from 'amqplib';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { RecordingProxy } from './recording-proxy.fixture';
import { Relay } from './relay.fixture';

const CONCURRENCY = 250;
const CONNECTIONS = 32;
const GROWTH_MB = 40;
const EXPECTED: ReadonlySet<number> = new Set([202, 400, 404, 405, 413, 415, 431]);

const successBody = z.object({ status: z.literal('success'), dedup_key: z.optional(z.string()) });

/**
 * Sends this many generated requests to a gateway, which must accept or refuse each correctly; everything that it accepted arrives at
 * PagerDuty, is a dead letter or is quarantined.
 */
export function describeFuzzedGateway(cases: number): void {
  describe(`whatever is sent to the gateway, ${cases.toLocaleString('en')} requests`, () => {
    let relay: Relay;
    let proxy: RecordingProxy;
    let broker: ChannelModel;
    const dead: Buffer[] = [];
    /** Files of the quarantine that were read. */
    const read = new Set<string>();
    const counts = { arrived: 0, dead: 0, quarantined: 0 };
    let connections: FuzzedConnection[] = [];
    let accepted = 0;
    let sent = 0;

    beforeAll(async () => {
      relay = await Relay.start('e2e-gateway-fuzz');
      proxy = await RecordingProxy.start(relay.simulatorUrl);
      await relay.startWorker({ env: { PDAGENTD_EVENTS_BASE_URL: proxy.url } });
      broker = await connectToBroker(relay.broker.url);
      const channel = await broker.createChannel();
      await channel.consume(EVENTS.deadLetters, (delivery) => delivery && dead.push(delivery.content), { noAck: true });
      const port = Number(new URL(relay.gatewayUrl).port);
      connections = Array.from({ length: CONNECTIONS }, () => new FuzzedConnection(port));
    });
    afterAll(async () => {
      for (const connection of connections) connection.close();
      await broker.close();
      proxy.stop();
      await relay.stop();
    });

    const metrics = async (): Promise<string> => (await fetch(`${relay.gateway.url}/metrics`)).text();

    /** What was added to the quarantine since the last call: headers and records. */
    function quarantined(): Buffer[] {
      const folder = path.join(relay.folder('state'), 'spool', 'quarantine');
      const files = readdirSync(folder).filter((file) => file.endsWith('.record') && !read.has(file));
      return files.map((file) => {
        read.add(file);
        return readFileSync(path.join(folder, file));
      });
    }

    /** Sends all requests, one at a time on each connection. */
    async function send(requests: readonly FuzzedRequest[]): Promise<FuzzedResponse[]> {
      const responses: FuzzedResponse[] = [];
      let next = 0;
      await Promise.all(
        connections.map(async (connection) => {
          for (let index = next++; index < requests.length; index = next++) {
            const request = requests[index];
            if (request !== undefined) responses[index] = await connection.send(request);
          }
        }),
      );
      return responses;
    }

    /** Verifies that each accepted body has arrived as expected, once, or was kept, and nothing else. */
    async function allAccountedFor(
      requests: readonly FuzzedRequest[],
      responses: readonly FuzzedResponse[],
    ): Promise<void> {
      const expected = requests.flatMap((request, index) => {
        const response = responses[index];
        if (response?.status !== 202) return [];
        return [{ body: expectedBody(request), key: successBody.parse(JSON.parse(response.body)).dedup_key }];
      });
      const kept: Buffer[] = [];
      const all = (): number => {
        kept.push(...quarantined());
        return proxy.accepted.length + dead.length + kept.length;
      };
      await waitUntil(() => all() >= expected.length, {
        what: 'what was accepted to arrive, or to be kept',
        intervalMs: 20,
        timeoutMs: 120_000,
      }).catch((error: unknown) => {
        const missing = expected.filter(({ body }) => !proxy.accepted.some((found) => found.includes(body)));
        const shown = missing.slice(0, 5).map(({ body }) => body.toString('latin1').slice(0, 500));
        throw new Error(`${String(error)}: ${JSON.stringify(shown)}\n${relay.workers[0]?.lastLines()}`);
      });
      counts.arrived += proxy.accepted.length;
      counts.dead += dead.length;
      counts.quarantined += kept.length;
      const left = [...proxy.accepted.splice(0), ...dead.splice(0)];
      for (const { body, key } of expected) {
        const at = left.findIndex((found) => found.equals(body) || isWithKey(found, body, key));
        if (at >= 0) {
          left.splice(at, 1);
          continue;
        }
        // A header with the reason, and a record that contains the body.
        const record = kept.findIndex((found) => found.includes(body) && found.includes('"problem":"'));
        expect(record).toBeGreaterThanOrEqual(0);
        kept.splice(record, 1);
      }
      expect([...left, ...kept]).toEqual([]);
      accepted += expected.length;
    }

    function unexpected(requests: readonly FuzzedRequest[], responses: readonly FuzzedResponse[]) {
      return responses.flatMap((response, index) =>
        EXPECTED.has(response.status) ? [] : [{ response, request: requests[index], log: relay.gateway.lastLines() }],
      );
    }

    it('is answered without a bug, arrives byte for byte if it is accepted, and leaks no memory', async () => {
      const memory: number[] = [];
      await fc.assert(
        fc.asyncProperty(
          fc.array(fuzzedRequests(), { minLength: CONCURRENCY, maxLength: CONCURRENCY }),
          async (requests) => {
            const responses = await send(requests);
            expect(unexpected(requests, responses)).toEqual([]);
            await allAccountedFor(requests, responses);
            sent += requests.length;
            memory.push(residentMb(await metrics()));
          },
        ),
        { numRuns: Math.ceil(cases / CONCURRENCY), endOnFailure: true },
      );
      process.stderr.write(
        `${sent} requests: ${accepted} accepted, ${counts.arrived} arrived, ${counts.dead} dead letters, ${counts.quarantined} quarantined; gateway at most ${Math.max(...memory).toFixed(0)} MB\n`,
      );
      expect(sent).toBeGreaterThanOrEqual(cases);
      const worker = relay.workers[0]?.lines ?? [];
      expect(worker.filter(({ message }) => /broker unreachable|exception/.test(message))).toEqual([]);
      expect(accepted).toBeGreaterThan(cases / 3);
      const third = Math.floor(memory.length / 3);
      // Of one batch or two nothing can be said.
      if (third > 0)
        expect(Math.max(...memory.slice(-third))).toBeLessThan(Math.max(...memory.slice(third, 2 * third)) + GROWTH_MB);
      expect(relay.gateway.lines.filter(({ level }) => level === 'error')).toEqual([]);
      expect(await metrics()).toMatch(/^pdaltagent_gateway_requests_refused_total\{reason="failed"\} 0$/m);
    }, 7_200_000);
  });
}

function isWithKey(arrived: Buffer, sent: Buffer, key: string | undefined): boolean {
  return key !== undefined && arrived.includes(key) && withoutGeneratedKey(arrived, sent, key).equals(sent);
}

function residentMb(metrics: string): number {
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(metrics)?.[1]) / 1024 / 1024;
}
