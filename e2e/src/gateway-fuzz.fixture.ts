import {
  type FuzzedResponse,
  FuzzedConnection,
  expectedBody,
  fuzzedRequests,
  type FuzzedRequest,
  waitUntil,
  withoutGeneratedKey,
} from '@pdaltagent/testing';
import fc from 'fast-check';
import { z } from 'zod';
import { GatewayRig, LaneDrain } from './gateway.fixture';

const CONCURRENCY = 250;
const CONNECTIONS = 32;
const GROWTH_MB = 40;
const EXPECTED: ReadonlySet<number> = new Set([202, 400, 404, 405, 413, 415, 431]);

const successBody = z.object({ status: z.literal('success'), dedup_key: z.optional(z.string()) });

/** Sends this many generated requests to a gateway, which must accept or refuse each correctly. */
export function describeFuzzedGateway(cases: number): void {
  describe(`whatever is sent to the gateway, ${cases.toLocaleString('en')} requests`, () => {
    let rig: GatewayRig;
    let arrivals: LaneDrain;
    const arrived: Buffer[] = [];
    let connections: FuzzedConnection[] = [];
    let accepted = 0;
    let sent = 0;

    beforeAll(async () => {
      rig = await GatewayRig.start('e2e-gateway-fuzz');
      arrivals = await LaneDrain.start(rig.amqpUrl, (body) => arrived.push(body));
      connections = Array.from({ length: CONNECTIONS }, () => new FuzzedConnection(rig.port));
    });
    afterAll(async () => {
      for (const connection of connections) connection.close();
      await arrivals.stop();
      await rig.stop();
    });

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

    /** Verifies that each accepted body has arrived as expected, once, and nothing else. */
    async function allArrived(requests: readonly FuzzedRequest[], responses: readonly FuzzedResponse[]): Promise<void> {
      const expected = requests.flatMap((request, index) => {
        const response = responses[index];
        if (response?.status !== 202) return [];
        return [{ body: expectedBody(request), key: successBody.parse(JSON.parse(response.body)).dedup_key }];
      });
      await waitUntil(() => arrived.length >= expected.length, { what: 'what was accepted to arrive', intervalMs: 5 });
      const left = arrived.splice(0);
      for (const { body, key } of expected) {
        const at = left.findIndex((found) => found.equals(body) || isWithKey(found, body, key));
        expect(at).toBeGreaterThanOrEqual(0);
        left.splice(at, 1);
      }
      expect(left).toEqual([]);
      accepted += expected.length;
    }

    function unexpected(requests: readonly FuzzedRequest[], responses: readonly FuzzedResponse[]) {
      return responses.flatMap((response, index) =>
        EXPECTED.has(response.status) ? [] : [{ response, request: requests[index], log: rig.gateway.lastLines() }],
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
            await allArrived(requests, responses);
            sent += requests.length;
            memory.push(residentMb(await rig.metrics()));
          },
        ),
        { numRuns: cases / CONCURRENCY, endOnFailure: true },
      );
      expect(sent).toBe(cases);
      expect(accepted).toBeGreaterThan(cases / 3);
      const third = Math.floor(memory.length / 3);
      expect(Math.max(...memory.slice(-third))).toBeLessThan(Math.max(...memory.slice(third, 2 * third)) + GROWTH_MB);
      expect(rig.gateway.lines.filter(({ level }) => level === 'error')).toEqual([]);
      expect(await rig.metrics()).toMatch(/^pdaltagent_gateway_requests_refused_total\{reason="failed"\} 0$/m);
    }, 300_000);
  });
}

function isWithKey(arrived: Buffer, sent: Buffer, key: string | undefined): boolean {
  return key !== undefined && arrived.includes(key) && withoutGeneratedKey(arrived, sent, key).equals(sent);
}

function residentMb(metrics: string): number {
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(metrics)?.[1]) / 1024 / 1024;
}
