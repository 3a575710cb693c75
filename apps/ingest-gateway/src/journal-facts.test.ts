import { type FactContent, MessageReferences } from '@pdaltagent/journal';
import { EVENTS, laneOf, type OutgoingMessage } from '@pdaltagent/messaging';
import { type JournalText } from '@pdaltagent/service';
import { ManualClock } from '@pdaltagent/testing';
import { KEY, postTo, startGateway, TRIGGER } from './gateway.fixture';
import { JournalFacts } from './journal-facts';

const MESSAGE: OutgoingMessage = {
  id: 'e1',
  type: 'v2',
  routingKey: KEY,
  orderKey: `${KEY}:alert-1`,
  action: 'trigger',
  body: Buffer.from('{"a":1}'),
  contentType: 'application/json',
  receivedAt: 1_000,
};
const TEXTS = { severity: 'critical', source: 'db1', summary: 'disk full' };
const REFERENCE = {
  group: 'events',
  id: 'e1',
  type: 'v2',
  action: 'trigger',
  key: '…8901',
  digest: 'digest',
  accepted: 1_000,
};

function harness(text: JournalText = 'full') {
  const recorded: FactContent[] = [];
  const clock = new ManualClock();
  const references = new MessageReferences(() => 'digest', text);
  const recorder = { record: (content: FactContent) => void recorded.push(content) };
  return { facts: new JournalFacts({ recorder, references, text, clock }), recorded, clock };
}

it.each([
  ['full', { alert: 'alert-1', ...TEXTS }],
  ['keys', { alert: 'alert-1' }],
  ['none', {}],
] as const)('with the text “%s” an accepted event is recorded with %j', (text, rest) => {
  const { facts, recorded } = harness(text);
  facts.recordAccepted(MESSAGE, TEXTS);
  expect(recorded).toStrictEqual([{ ...REFERENCE, kind: 'accepted', bytes: 7, lane: laneOf(EVENTS, KEY), ...rest }]);
});

it('an accepted event is recorded with the name of the token with which it was sent', () => {
  const { facts, recorded } = harness();
  facts.recordAccepted(MESSAGE, undefined, 'monitoring');
  expect(recorded).toMatchObject([{ kind: 'accepted', token: 'monitoring' }]);
});

it('texts are cut at 200 characters, and not within one', () => {
  const { facts, recorded } = harness();
  facts.recordAccepted(MESSAGE, { severity: undefined, summary: '🔥'.repeat(201), source: '🔥'.repeat(200) });
  expect(recorded).toMatchObject([{ summary: `${'🔥'.repeat(199)}…`, source: '🔥'.repeat(200) }]);
});

it('a routing key in the texts or in the dedup key of an event is shown by its end, also where the text is cut', () => {
  const { facts, recorded } = harness();
  const padding = 'x'.repeat(190);
  facts.recordAccepted(
    { ...MESSAGE, orderKey: `${KEY}:${KEY}-host/disk` },
    { severity: `critical ${KEY}`, source: `${KEY}-host`, summary: `${padding}${KEY} is full` },
  );
  expect(recorded).toMatchObject([
    { alert: '…8901-host/disk', severity: 'critical …8901', source: '…8901-host', summary: `${padding}…8901 is …` },
  ]);
  expect(JSON.stringify(recorded)).not.toContain(KEY.slice(0, 8));
});

it('a quarantined event is recorded, and nothing of a damaged record that nobody can name', () => {
  const { facts, recorded } = harness();
  facts.recordQuarantined('refused', MESSAGE);
  facts.recordQuarantined('damaged', undefined);
  expect(recorded).toStrictEqual([{ ...REFERENCE, alert: 'alert-1', kind: 'quarantined', problem: 'refused' }]);
});

it('a mode that changes many times a second is recorded once a second, and not if it is the same then', () => {
  const { facts, recorded, clock } = harness();
  facts.recordMode('direct', undefined);
  facts.recordMode('spool', 'busy');
  facts.recordMode('direct', undefined);
  clock.advance(1_000);
  facts.recordMode('spool', 'away');
  facts.recordMode('direct', undefined);
  facts.recordMode('spool', 'slow');
  clock.advance(5_000);
  facts.recordMode('direct', undefined);
  facts.recordMode('spool', 'blocked');
  facts.stop();
  expect(recorded).toStrictEqual([
    { kind: 'spool-mode', mode: 'direct' },
    { kind: 'spool-mode', mode: 'spool', cause: 'away' },
    { kind: 'spool-mode', mode: 'direct' },
    { kind: 'spool-mode', mode: 'spool', cause: 'blocked' },
  ]);
});

describe('the texts of an event', () => {
  const accepted: unknown[] = [];
  beforeEach(() => accepted.splice(0));

  async function post(path: string, body: object, headers: Record<string, string> = {}): Promise<number> {
    const gateway = await startGateway({ onAccepted: (_message, texts) => accepted.push(texts) });
    const { status } = await postTo(`${gateway.url}${path}`, JSON.stringify(body), headers);
    await gateway.stop();
    return status;
  }

  it('are reported once it is durable', async () => {
    expect(await post('/v2/enqueue', TRIGGER)).toBe(202);
    expect(accepted).toEqual([TEXTS]);
  });

  it('are reported of an event in the v2 format to an orchestration', async () => {
    expect(await post(`/x-ere/${KEY}`, TRIGGER)).toBe(202);
    expect(accepted).toEqual([TEXTS]);
  });

  it('of a vendor are unknown, because only PagerDuty reads its body', async () => {
    expect(await post(`/integration/${KEY}/enqueue`, TRIGGER)).toBe(202);
    expect(accepted).toEqual([undefined]);
  });

  it('are those after scrubbing', async () => {
    const scrubbed = JSON.stringify({ ...TRIGGER, payload: { ...TRIGGER.payload, source: '{{HOST}}' } });
    const gateway = await startGateway({
      onAccepted: (_message, texts) => accepted.push(texts),
      scrub: {
        now: ({ query, forward }) => ({ body: Buffer.from(scrubbed), query, forward }),
        later: () => Promise.reject(new Error('not needed')),
      },
    });
    await postTo(`${gateway.url}/v2/enqueue`, JSON.stringify(TRIGGER));
    await gateway.stop();
    expect(accepted).toEqual([{ ...TEXTS, source: '{{HOST}}' }]);
  });

  it('are not reported of an event that could not be stored', async () => {
    const gateway = await startGateway({ onAccepted: (_message, texts) => accepted.push(texts) });
    gateway.sink.failure = 'full';
    expect((await postTo(`${gateway.url}/v2/enqueue`, JSON.stringify(TRIGGER))).status).toBe(503);
    await gateway.stop();
    expect(accepted).toEqual([]);
  });
});
