import { EVENTS, laneKey, laneOf, laneQueue, type OutgoingMessage, toProperties } from '@pdaltagent/messaging';
import { BrokerClient, Sender } from '@pdaltagent/operations';
import { connectToBroker, testServers } from '@pdaltagent/testing';
import { declareTopologies, KEY, MINUTE, OTHER_KEY, publishDeadLetters, runCli } from '../cli.fixture';
import { accepted, deadLettered, delivered, messageOf } from '../journal/journal.fixture';
import { writeFacts } from '../journal/real-journal.fixture';

const LANES = { [KEY]: laneOf(EVENTS, KEY), [OTHER_KEY]: laneOf(EVENTS, OTHER_KEY) };
/** So long ago that its facts must be there. */
const AT = Date.now() - 10 * MINUTE;

let url: string;
const audit = (...words: string[]) =>
  // A minute later: what was written just now is not recent any more.
  runCli(['audit', ...words], { PDAGENTD_AMQP_URL: url }, { now: Date.now() + MINUTE });

async function report() {
  const { code, out } = await audit('--json');
  return { code, report: JSON.parse(out) as Record<string, unknown> };
}

async function publish(id: string, key: string): Promise<void> {
  const client = await BrokerClient.open({ url, name: 'test' });
  const sender = await Sender.open(client);
  const message: OutgoingMessage = {
    id,
    type: 'v2',
    routingKey: key,
    orderKey: `${key}:db1/disk`,
    body: Buffer.from('{}'),
    contentType: 'application/json',
    receivedAt: AT,
  };
  await sender.send(EVENTS.exchange, laneKey(laneOf(EVENTS, key)), message.body, toProperties(message));
  await client.close();
}

async function removeByHand(queue: string): Promise<void> {
  const connection = await connectToBroker(url);
  const channel = await connection.createChannel();
  await channel.purgeQueue(queue);
  await connection.close();
}

beforeAll(async () => {
  ({ amqpUrl: url } = await testServers());
  await declareTopologies(url);
  const of = (id: string) => messageOf({ id, accepted: AT });
  await writeFacts(url, 'ingest-gateway', [
    accepted(of('sent'), { lane: LANES[KEY] }),
    accepted(of('dead'), { lane: LANES[KEY] }),
    accepted(of('waits'), { lane: LANES[OTHER_KEY] }),
    accepted({ ...of('removed'), alert: 'web9/cpu' }, { lane: LANES[KEY] }),
  ]);
  await writeFacts(url, 'delivery-worker', [delivered(of('sent')), deadLettered(of('dead'))]);
  await publishDeadLetters(url, EVENTS, [{ id: 'dead' }]);
  await publish('waits', OTHER_KEY);
  await publish('removed', KEY);
});

it('accounts for what is delivered, dead, and waits in its lane', async () => {
  expect(await report()).toMatchObject({
    code: 0,
    report: {
      events: { accepted: 4, delivered: 1, dead_letters: 1, waiting: 2, waiting_in: { lanes: 2 }, unaccounted: 0 },
      webhooks: { accepted: 0 },
      unaccounted: [],
    },
  });
});

it('names an event that was deleted from its lane by hand', async () => {
  await removeByHand(laneQueue(EVENTS, LANES[KEY]));
  const { code, out } = await audit();
  expect(code).toBe(1);
  expect(out).toContain('1 message is unaccounted');
  expect(out).toMatch(
    /\n20\S+Z {2}removed +…d1a6 {2}web9\/cpu\n {2}no worker holds it, and lane \d\d has no message\n/,
  );
  expect(out).toContain('the journal has no gap that may explain it');
  expect(await report()).toMatchObject({
    code: 1,
    report: { events: { accepted: 4, delivered: 1, dead_letters: 1, waiting: 1, unaccounted: 1 } },
  });
});

it('names a dead letter that was deleted by hand', async () => {
  await removeByHand(EVENTS.deadLetters);
  expect((await report()).report.unaccounted).toMatchObject([
    { id: expect.any(String) as string },
    { id: expect.any(String) as string },
  ]);
});

it('looks only at what was accepted in the given time', async () => {
  const { code, out } = await audit('--since', new Date(AT + 1_000).toISOString());
  expect(code).toBe(0);
  expect(out).toMatch(/accepted +0 +0\n/);
});
