import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  dedupKeyOf,
  orderKeyOf,
  readDocument,
  routingKeyOf,
  validate,
  vendorDedupKeyOf,
  vendorEventIn,
  type ApiType,
} from './index';

const KEY = '01234567890123456789012345678901';

function fixture(name: string): Buffer {
  return readFileSync(path.join(__dirname, '../fixtures', name));
}

function documentOf(bytes: Buffer) {
  const reading = readDocument(bytes);
  if (!reading.ok) throw new Error(reading.error);
  return reading.document;
}

describe('events of real tools', () => {
  const events: readonly (readonly [name: string, type: ApiType, dedupKey: string])[] = [
    ['01-alertmanager-v2-trigger.json', 'v2', '6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b'],
    ['02-alertmanager-v2-resolve.json', 'v2', '6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b'],
    ['03-alertmanager-v1-trigger.json', 'v1', '6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b'],
    ['05-zabbix-webhook-v2-trigger.json', 'v2', '126'],
    ['06-zabbix-webhook-v2-acknowledge.json', 'v2', '126'],
  ];

  it.each(events)('%s is a valid %s event', (name, type, dedupKey) => {
    const document = documentOf(fixture(name));
    expect(validate(type, document)).toEqual([]);
    expect(routingKeyOf(type, document.value)).toBe(KEY);
    expect(dedupKeyOf(type, document.value)).toBe(dedupKey);
  });

  it('accepts Kibana’s routing key in the header', () => {
    const document = documentOf(fixture('08-kibana-v2-trigger-key-in-header.json'));
    expect(validate('v2', document, KEY)).toEqual([]);
    expect(validate('v2', document)).toEqual(["'routing_key' is missing or blank"]);
    expect(validate('v2', document, 'short')).toEqual([
      "Length of 'routing_key' is incorrect (should be 32 characters)",
    ]);
  });

  it('finds nothing wrong with a Nagios event except its dummy key', () => {
    const bytes = fixture('09-pdagent-pd-nagios-v1-trigger.json');
    expect(validate('v1', documentOf(bytes))).toEqual([
      'Service key is the wrong length (should be 32 characters)',
      'Service key cannot contain non-alphanumeric characters.',
    ]);
    const withKey = Buffer.from(bytes.toString().replace('DUMMY_SERVICE_KEY', KEY));
    expect(validate('v1', documentOf(withKey))).toEqual([]);
  });

  it.each(['10-splunk-integration-enqueue.json', '11-cloudwatch-sns-notification.json'])(
    '%s has no readable dedup key, so its order key is the routing key',
    (name) => {
      const dedupKey = vendorDedupKeyOf(vendorEventIn('x-ere', fixture(name)));
      expect(orderKeyOf({ type: 'x-ere', id: 'id', routingKey: KEY, dedupKey })).toBe(KEY);
    },
  );
});
