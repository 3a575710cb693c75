import { readdirSync } from 'node:fs';
import path from 'node:path';
import { workspaceRoot } from '@pdaltagent/testing';
import { z } from 'zod';
import { fixture, routingKeyOf, SenderRelay } from './senders.fixture';

jest.setTimeout(120_000);

const KEY = '01234567890123456789012345678901';
const JSON_TYPE = { 'content-type': 'application/json' };
const SNS = {
  'content-type': 'text/plain; charset=UTF-8',
  'x-amz-sns-message-type': 'Notification',
  'x-amz-sns-message-id': '29ecfcf6-7bd2-5cc9-bfdd-b7a75b3999a0',
  'x-amz-sns-topic-arn': 'arn:aws:sns:eu-west-1:123456789012:alerta',
};

interface ApiResponse {
  readonly status: number;
  readonly text: string;
}

interface Posting {
  readonly file: string;
  readonly route: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the client treats the response as success. */
  readonly isContent: (response: ApiResponse) => boolean;
  /** Placeholder for the key in the sample. */
  readonly placeholder?: string;
}

const anySuccess = ({ status }: ApiResponse): boolean => status >= 200 && status < 300;
const only = (wanted: number) => (response: ApiResponse) => response.status === wanted;
const zabbix = ({ status, text }: ApiResponse): boolean =>
  status === 202 && (JSON.parse(text) as { status?: unknown }).status === 'success';

/** How each client posts, and what it treats as success, according to its source code. */
const POSTINGS: readonly Posting[] = [
  { file: '01-alertmanager-v2-trigger.json', route: '/v2/enqueue', headers: JSON_TYPE, isContent: anySuccess },
  { file: '02-alertmanager-v2-resolve.json', route: '/v2/enqueue', headers: JSON_TYPE, isContent: anySuccess },
  {
    file: '03-alertmanager-v1-trigger.json',
    route: '/generic/2010-04-15/create_event.json',
    headers: JSON_TYPE,
    isContent: only(200),
  },
  { file: '05-zabbix-webhook-v2-trigger.json', route: '/v2/enqueue', headers: JSON_TYPE, isContent: zabbix },
  { file: '06-zabbix-webhook-v2-acknowledge.json', route: '/v2/enqueue', headers: JSON_TYPE, isContent: zabbix },
  {
    file: '08-kibana-v2-trigger-key-in-header.json',
    route: '/v2/enqueue',
    headers: { ...JSON_TYPE, 'x-routing-key': KEY },
    isContent: only(202),
  },
  {
    file: '09-pdagent-pd-nagios-v1-trigger.json',
    route: '/generic/2010-04-15/create_event.json',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    isContent: only(200),
    placeholder: 'DUMMY_SERVICE_KEY',
  },
  {
    file: '10-splunk-integration-enqueue.json',
    route: `/integration/${KEY}/enqueue`,
    headers: JSON_TYPE,
    isContent: anySuccess,
  },
  {
    file: '11-cloudwatch-sns-notification.json',
    route: `/integration/${KEY}/enqueue`,
    headers: SNS,
    isContent: anySuccess,
  },
  {
    file: '11-cloudwatch-sns-notification.json',
    route: `/adapter/cloudwatch_sns/v1/${KEY}`,
    headers: SNS,
    isContent: anySuccess,
  },
  { file: '11-cloudwatch-sns-notification.json', route: `/x-ere/${KEY}`, headers: SNS, isContent: anySuccess },
  {
    file: '12-nagios-plugin-service-problem.form',
    route: '/nagios/2010-04-15/create_event',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    isContent: anySuccess,
  },
];

let senders: SenderRelay;
beforeAll(async () => (senders = await SenderRelay.start('senders-payloads')));
afterAll(() => senders.stop());

async function post(route: string, headers: Readonly<Record<string, string>>, body: string): Promise<ApiResponse> {
  const response = await fetch(senders.relay.gatewayUrl + route, { method: 'POST', headers, body });
  return { status: response.status, text: await response.text() };
}

it('covers every sample', () => {
  const samples = readdirSync(path.join(workspaceRoot(), 'libs/events/fixtures')).filter((name) => /^\d/.test(name));
  expect([...new Set(POSTINGS.map(({ file }) => file))]).toEqual(samples);
});

it.each(POSTINGS)('$file to $route arrives byte for byte, and its client accepts the response', async (posting) => {
  const sample = fixture(posting.file).toString();
  const body = posting.placeholder === undefined ? sample : sample.replace(posting.placeholder, KEY);
  const arrived = await senders.arrivalAfter(async () => {
    const response = await post(posting.route, posting.headers, body);
    expect(posting.isContent(response)).toBe(true);
  });
  expect(arrived.body).toBe(body);
  // PagerDuty's own APIs accept JSON, whatever the sender's Content-Type; a vendor's body keeps its type.
  const isVendors = posting.route.includes(KEY) || posting.route.startsWith('/nagios/');
  const type = isVendors ? {} : JSON_TYPE;
  expect(arrived).toMatchObject({ path: posting.route, headers: { ...posting.headers, ...type } });
});

it('generates a key for a trigger without one, returns it, and changes nothing else', async () => {
  const key = routingKeyOf('madekey');
  const [head, tail] = [
    `{ "routing_key" : "${key}",`,
    ' "event_action":"trigger","payload":{"summary":"s","source":"s","severity":"info","custom_details":1.0}}',
  ];
  let dedupKey = '';
  const arrived = await senders.arrivalAfter(async () => {
    const { status, text } = await post('/v2/enqueue', JSON_TYPE, head + tail);
    expect(status).toBe(202);
    dedupKey = z.object({ dedup_key: z.string().regex(/^[0-9a-f]{32}$/) }).parse(JSON.parse(text)).dedup_key;
  });
  expect(arrived.dedupKey).toBe(dedupKey);
  expect(arrived.body.replace(`"dedup_key":"${dedupKey}",`, '')).toBe(head + tail);
});

it('leaves the confirmation of an SNS subscription to PagerDuty', async () => {
  const body =
    '{\n  "Type" : "SubscriptionConfirmation",\n  "SubscribeURL" : "http://127.0.0.1:9/?Action=ConfirmSubscription"\n}';
  const headers = { ...SNS, 'x-amz-sns-message-type': 'SubscriptionConfirmation' };
  const arrived = await senders.arrivalAfter(async () => {
    expect(await post(`/integration/${KEY}/enqueue`, headers, body)).toMatchObject({ status: 202 });
  });
  expect(arrived).toMatchObject({ body, headers });
});
