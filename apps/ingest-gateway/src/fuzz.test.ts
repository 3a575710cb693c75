import { expectedBody, FuzzedConnection, fuzzedRequests, withoutGeneratedKey } from '@pdaltagent/testing';
import fc from 'fast-check';
import { startGateway, type RunningGateway } from './gateway.fixture';

const RUNS = 3_000;

let gateway: RunningGateway;
let connection: FuzzedConnection;
beforeAll(async () => {
  gateway = await startGateway();
  connection = new FuzzedConnection(Number(gateway.ports.http));
});
afterAll(async () => {
  connection.close();
  await gateway.stop();
});

it('answers any request without a 5xx, and changes no byte except for a generated key and a byte order mark', async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(fuzzedRequests(), async (sent) => {
      gateway.sink.messages.length = 0;
      const { status, body } = await connection.send(sent);
      expect([202, 400, 404, 405, 413, 415, 431]).toContain(status);
      const response = JSON.parse(body) as { status: string; dedup_key?: string };
      const [message, ...others] = gateway.sink.messages;
      expect(others).toEqual([]);
      expect(message !== undefined).toBe(status < 300);
      if (message === undefined) return;
      accepted += 1;
      expect(response.status).toBe('success');
      const expected = expectedBody(sent);
      if (message.body.equals(expected)) return;
      expect(withoutGeneratedKey(message.body, expected, response.dedup_key ?? '')).toEqual(expected);
    }),
    { numRuns: RUNS },
  );
  expect(accepted).toBeGreaterThan(RUNS / 3);
});
