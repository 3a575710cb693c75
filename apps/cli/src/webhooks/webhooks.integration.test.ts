import { LogEntriesServer, testServers } from '@pdaltagent/testing';
import { signatureOf } from '@pdaltagent/webhooks';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { runCli } from '../cli.fixture';
import { WebhooksFixture } from './webhooks.fixture';

const log = new LogEntriesServer();
let fixture: WebhooksFixture;

beforeAll(async () => {
  await log.start();
  fixture = await WebhooksFixture.start({ ...(await testServers()), apiUrl: log.url });
});
beforeEach(() => fixture.reset());
afterAll(async () => {
  await fixture.stop();
  await log.stop();
});

const webhooks = (words: string, more: Record<string, string> = {}) => fixture.webhooks(words, more);

describe('webhooks list', () => {
  it('shows names, formats, filters and paused destinations, and no secret', async () => {
    await fixture.paused.pause('chat', Date.UTC(2026, 2, 1));
    const { code, out } = await webhooks('list');
    expect(code).toBe(0);
    expect(out).toMatch(/^tickets +v3 +active +http:\/\/127\.0\.0\.1:\d+\/…$/m);
    expect(out).toMatch(/^chat +v2 +PAUSED since 2026-03-01T00:00:00Z +http.*\/…$/m);
    expect(out).toContain('only services S1');
    expect(out).not.toContain('hidden');
    expect(JSON.parse((await webhooks('list --json')).out)).toHaveLength(3);
  });

  it('reports errors in the file and exits with 78; exits with 1 without destinations', async () => {
    writeFileSync(path.join(fixture.folder, 'bad.yaml'), 'destinations: [{ name: a }]');
    const bad = await webhooks('list', { PDAGENTD_WEBHOOKS_FILE: path.join(fixture.folder, 'bad.yaml') });
    expect(bad.code).toBe(78);
    expect(bad.error).toContain('line 1, destinations[0].url: must be');
    const none = await webhooks('list', { PDAGENTD_WEBHOOKS_FILE: '' });
    expect(none).toMatchObject({ code: 1, error: expect.stringContaining('there are no destinations') as string });
  });
});

describe('webhooks test', () => {
  it('sends PagerDuty’s ping as the sender would and prints status, time and answer', async () => {
    const { code, out } = await webhooks('test tickets');
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringMatching(
        /^tickets: status 202 after \d+ ms: accepted\nresponse: a response \[31m\n$/,
      ) as string,
    });
    const [request] = fixture.received;
    expect(JSON.parse(String(request?.body))).toEqual({
      event: {
        id: expect.stringMatching(/^[0-9A-Z]{26}$/) as string,
        event_type: 'pagey.ping',
        resource_type: 'pagey',
        occurred_at: expect.any(String) as string,
        agent: null,
        client: null,
        data: { message: 'Hello from your friend Pagey!', type: 'ping' },
      },
    });
    expect(request?.headers).toMatchObject({
      'user-agent': 'PagerDuty-Webhook/V3.0',
      'x-api-key': 'k1',
      'x-pagerduty-signature': signatureOf(request?.body ?? Buffer.from(''), ['s3cret']),
      'x-webhook-subscription': expect.stringMatching(/^P/) as string,
    });
  });

  it.each([
    [503, 'would be retried'],
    [404, 'would become a dead letter'],
    [410, 'would pause this destination'],
  ])('exits with 1 if the destination answers %d and explains what that would mean', async (status, meaning) => {
    fixture.status = status;
    const { code, out } = await webhooks('test chat');
    expect(code).toBe(1);
    expect(out).toContain(`status ${status}`);
    expect(out).toContain(meaning);
    expect((await fixture.paused.all()).size).toBe(0);
  });

  it('refuses addresses that the sender refuses', async () => {
    const { code, out } = await webhooks('test metadata --json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ ok: false, fault: 'forbidden-address' });
  });

  it('lists the destinations if the name is unknown', async () => {
    const { code, error } = await webhooks('test nobody');
    expect({ code, error }).toEqual({
      code: 2,
      error: 'pdaltagent: there is no destination nobody; the destinations are: tickets, chat, metadata\n',
    });
  });

  it('accepts the name of a plain URL, with secret and format from the environment', async () => {
    const url = `http://127.0.0.1:${fixture.port}/bare`;
    const more = {
      ...{ PDAGENTD_WEBHOOKS_FILE: '', PDAGENTD_WEBHOOK_DEST_URL: url },
      ...{ PDAGENTD_WEBHOOK_SECRET: 'other', PDAGENTD_WEBHOOK_FORMAT: 'v3' },
    };
    const [{ name }] = JSON.parse((await webhooks('list --json', more)).out) as [{ name: string }];
    expect((await webhooks(`test ${name}`, more)).code).toBe(0);
    const body = fixture.received[0]?.body ?? Buffer.from('');
    expect(fixture.received[0]?.headers['x-pagerduty-signature']).toBe(signatureOf(body, ['other']));
    expect(body.toString()).toContain('"resource_type":"pagey"');
  });
});

describe('webhooks resume', () => {
  it('resumes a paused destination, which status shows, and fails if it is not paused', async () => {
    await fixture.paused.pause('chat', Date.UTC(2026, 2, 1));
    const { out } = await runCli(['status'], fixture.environment);
    expect(out).toMatch(/webhooks +ATTENTION +chat has been paused since 2026-03-01T00:00:00Z/);
    expect(out).toContain('pdaltagent webhooks resume chat');
    const resumed = await webhooks('resume chat --json');
    expect(resumed).toMatchObject({ code: 0, error: '' });
    expect(JSON.parse(resumed.out)).toEqual({ destination: 'chat', resumed: true, still_paused: [] });
    expect((await fixture.paused.all()).size).toBe(0);
    expect(await webhooks('resume chat')).toMatchObject({
      code: 1,
      error: expect.stringContaining('not paused') as string,
    });
  });

  it('reports that Redis is unreachable', async () => {
    const { code, error } = await webhooks('resume chat', { PDAGENTD_REDIS_URL: 'redis://127.0.0.1:1' });
    expect(code).toBe(1);
    expect(error).toContain('Redis is unreachable');
  });
});
