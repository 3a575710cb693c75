import { createScrubber } from './scrubber';

const PERSON = { id: 'PUSR001', type: 'user_reference', summary: 'Jane', email: 'jane@example.com' };
const ENTRY = {
  id: 'R2AAAAAAAAAAAAAAAAAAAAAAAA',
  type: 'trigger_log_entry',
  summary: 'Triggered by jane@example.com',
  self: 'https://api.pagerduty.com/log_entries/R2AAA?mail=jane@example.com',
  html_url: null,
  created_at: '2026-03-01T15:14:36Z',
  agent: PERSON,
  channel: {
    type: 'api',
    incident_key: 'login:jane@example.com',
    details: { id: 'jane@example.com', type: 'call +1 415 555 0132', password: 'swordfish' },
    cef_details: {
      dedup_key: 'login:jane@example.com',
      source_origin: '415-555-0132',
      severity: 'critical',
      details: { 'n/a': 1 },
    },
  },
  event_details: { description: 'card 4111 1111 1111 1111' },
};
const V2 = {
  messages: [
    {
      id: '0d5ac7c0-8d5b-11ef-9cd2-0242ac120002',
      event: 'incident.trigger',
      created_on: '2026-03-01T15:14:36Z',
      log_entries: [ENTRY],
      webhook: { endpoint_url: 'https://ann:s3cret@hooks.example.net/pd', config: { owner: 'ops@example.com' } },
      incident: { incident_number: 4155550132, title: '[#33] jane@example.com locked out', urgency: 'high' },
    },
  ],
};

const scrubbed = (body: unknown, secret?: string): typeof V2 => {
  const scrubber = createScrubber(secret === undefined ? {} : { secret });
  return JSON.parse(scrubber.scrubWebhook(Buffer.from(JSON.stringify(body))).bytes.toString()) as typeof V2;
};

describe('a webhook', () => {
  it('keeps ids, protocol values, times, and what the operator configured', () => {
    const [message] = scrubbed(V2).messages;
    const [sent] = V2.messages;
    expect(message).toMatchObject({ id: sent?.id, event: sent?.event, created_on: sent?.created_on });
    expect(message?.webhook).toEqual(sent?.webhook);
    expect(message?.incident.incident_number).toBe(4155550132);
    expect(message?.log_entries[0]).toMatchObject({ id: ENTRY.id, type: ENTRY.type, created_at: ENTRY.created_at });
  });

  it('is scrubbed in its prose, its links and everything from the event', () => {
    const [message] = scrubbed(V2).messages;
    expect(message?.incident.title).toBe('[#33] {{EMAIL_ADDRESS}} locked out');
    expect(message?.log_entries[0]).toMatchObject({
      summary: 'Triggered by {{EMAIL_ADDRESS}}',
      self: 'https://api.pagerduty.com/log_entries/R2AAA?mail=%7B%7BEMAIL_ADDRESS%7D%7D',
      agent: { id: 'PUSR001', summary: 'Jane', email: '{{EMAIL_ADDRESS}}' },
      channel: {
        details: { id: '{{EMAIL_ADDRESS}}', type: 'call {{PHONE}}', password: '{{SECRET}}' },
        cef_details: { source_origin: '415-555-0132', severity: 'critical' },
      },
      event_details: { description: 'card {{CREDIT_CARD}}' },
    });
  });

  it('keeps incident keys, or replaces values in them by the same pseudonyms as in events', () => {
    expect(scrubbed(V2).messages[0]?.log_entries[0]?.channel.incident_key).toBe('login:jane@example.com');
    const key = scrubbed(V2, 'a secret').messages[0]?.log_entries[0]?.channel;
    expect(key?.incident_key).toMatch(/^login:\{\{EMAIL_ADDRESS:[\da-f]{16}\}\}$/);
    expect(key?.cef_details.dedup_key).toBe(key?.incident_key);
    const event = createScrubber({ secret: 'a secret' }).scrubBody(
      'v2',
      'application/json',
      Buffer.from('{"dedup_key":"login:jane@example.com"}'),
    );
    expect(JSON.parse(event.bytes.toString())).toEqual({ dedup_key: key?.incident_key });
  });

  it('is returned as the same bytes if nothing is found, and does not change when scrubbed again', () => {
    const scrubber = createScrubber();
    const clean = Buffer.from('{"event":{"id":"01BZ","data":{"title":"Replica lag","number":33}}}');
    expect(scrubber.scrubWebhook(clean).bytes).toBe(clean);
    const once = scrubber.scrubWebhook(Buffer.from(JSON.stringify(V2))).bytes;
    expect(scrubber.scrubWebhook(once).bytes).toBe(once);
  });

  it('loses the names of its users wherever they occur if names are looked for', () => {
    const body = {
      event: {
        agent: { summary: 'Jane Roe', id: 'PUSR001', type: 'user_reference' },
        data: {
          title: 'Jane Roe called, not Jane Roebuck',
          service: { id: 'PSVC001', type: 'service', summary: 'Roe' },
          assignees: [{ id: 'PUSR002', type: 'user', name: 'Bo', summary: 'Bo Li' }],
          content: 'Bo Li: on it',
        },
      },
    };
    const naming = createScrubber({ detectors: ['core', 'person'] });
    const { bytes } = naming.scrubWebhook(Buffer.from(JSON.stringify(body)));
    expect(JSON.parse(bytes.toString())).toMatchObject({
      event: {
        agent: { summary: '{{PERSON}}', id: 'PUSR001' },
        data: {
          title: '{{PERSON}} called, not Jane Roebuck',
          service: { summary: 'Roe' },
          assignees: [{ id: 'PUSR002', summary: '{{PERSON}}' }],
          content: '{{PERSON}}: on it',
        },
      },
    });
    expect(naming.scrubWebhook(bytes).bytes).toBe(bytes);
  });

  it('that is not JSON is scrubbed as text', () => {
    expect(createScrubber().scrubWebhook(Buffer.from('{ jane@example.com')).bytes.toString()).toBe(
      '{ {{EMAIL_ADDRESS}}',
    );
  });
});
