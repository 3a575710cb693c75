import { readDocument, validate, type ApiType } from './index';

const KEY = 'R028DIE06SNKNO6V5ACSLRV7Y0TUVG7T';
const PAYLOAD = { summary: 'disk full', source: 'db1', severity: 'critical' };
const TRIGGER = { routing_key: KEY, event_action: 'trigger', payload: PAYLOAD };
const LEGACY = { service_key: KEY, event_type: 'trigger', description: 'disk full' };

function errorsOf(type: ApiType, body: unknown): readonly string[] {
  const reading = readDocument(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));
  if (!reading.ok) throw new Error(reading.error);
  return validate(type, reading.document);
}

describe('alert events (v2)', () => {
  it.each([
    ['a trigger without a dedup key', TRIGGER],
    ['a dedup key that is null', { ...TRIGGER, dedup_key: null }],
    ['a dedup key that is empty', { ...TRIGGER, dedup_key: '' }],
    ['unknown members', { ...TRIGGER, agent: { queued_by: 'pd-send' }, event_type: 1 }],
    ['null members, as Kapacitor sends them', { ...TRIGGER, images: null, links: null, client: null }],
    ['custom_details that are a string', { ...TRIGGER, payload: { ...PAYLOAD, custom_details: 'text' } }],
    ['an acknowledge without payload', { routing_key: KEY, event_action: 'acknowledge', dedup_key: 'a' }],
    ['a resolve with a null payload', { routing_key: KEY, event_action: 'resolve', dedup_key: 'a', payload: null }],
    ['a resolve with half a payload', { routing_key: KEY, event_action: 'resolve', dedup_key: 'a', payload: {} }],
    ['a summary of 1,024 emoji', { ...TRIGGER, payload: { ...PAYLOAD, summary: '🔥'.repeat(1024) } }],
  ])('accepts %s', (_, body) => expect(errorsOf('v2', body)).toEqual([]));

  it.each<readonly [what: string, body: unknown, errors: readonly string[]]>([
    ['an empty object', {}, ["'routing_key' is missing or blank", "'event_action' is missing or blank"]],
    [
      'a key that is short and odd',
      { ...TRIGGER, routing_key: 'not a key' },
      [
        "Length of 'routing_key' is incorrect (should be 32 characters)",
        "'routing_key' cannot contain non-alphanumeric characters.",
      ],
    ],
    [
      'a key followed by a line feed',
      { ...TRIGGER, routing_key: `${KEY}\n` },
      [
        "Length of 'routing_key' is incorrect (should be 32 characters)",
        "'routing_key' cannot contain non-alphanumeric characters.",
      ],
    ],
    ['a key that is a number', { ...TRIGGER, routing_key: 12345 }, ["'routing_key' is not a string"]],
    [
      'an unknown action',
      { ...TRIGGER, event_action: 'Trigger' },
      ["'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')"],
    ],
    [
      'a resolve without a dedup key',
      { routing_key: KEY, event_action: 'resolve' },
      ["'dedup_key' is missing or blank"],
    ],
    ['a dedup key that is a number', { ...TRIGGER, dedup_key: 7 }, ["'dedup_key' is not a string"]],
    [
      'a long dedup key',
      { ...TRIGGER, dedup_key: 'k'.repeat(256) },
      ["'dedup_key' is too long (maximum is 255 characters)"],
    ],
    ['no payload', { routing_key: KEY, event_action: 'trigger' }, ["'payload' is missing or blank"]],
    ['a payload that is a list', { ...TRIGGER, payload: [] }, ["'payload' is not an object"]],
    [
      'an empty payload',
      { ...TRIGGER, payload: {} },
      [
        "'payload.summary' is missing or blank",
        "'payload.source' is missing or blank",
        "'payload.severity' is missing or blank",
      ],
    ],
    [
      'an unknown severity',
      { ...TRIGGER, payload: { ...PAYLOAD, severity: 'CRITICAL' } },
      ["'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')"],
    ],
    [
      'a long summary',
      { ...TRIGGER, payload: { ...PAYLOAD, summary: 'x'.repeat(1025) } },
      ["'summary' is too long (maximum is 1024 characters)"],
    ],
    [
      'two routing keys, one of them in disguise',
      `{"routing_key":"${KEY}","r\\u006futing_key":"${KEY}","event_action":"resolve","dedup_key":"a"}`,
      ["'routing_key' is given more than once"],
    ],
  ])('refuses %s', (_, body, errors) => expect(errorsOf('v2', body)).toEqual(errors));
});

describe('change events', () => {
  it('require only a summary in the payload', () => {
    expect(errorsOf('change', { routing_key: KEY, payload: { summary: 'deployed' } })).toEqual([]);
    expect(errorsOf('change', { routing_key: KEY, payload: { source: 'ci' } })).toEqual([
      "'payload.summary' is missing or blank",
    ]);
  });
});

describe('legacy events (v1)', () => {
  it.each([
    ['a trigger', LEGACY],
    ['empty v2 members, as Alertmanager sends them', { ...LEGACY, event_action: '', payload: null }],
    ['a resolve without description', { service_key: KEY, event_type: 'resolve', incident_key: 'a' }],
    [
      'a resolve with a description that is not a string, as it is optional',
      { service_key: KEY, event_type: 'resolve', incident_key: 'a', description: 5 },
    ],
  ])('accepts %s', (_, body) => expect(errorsOf('v1', body)).toEqual([]));

  it.each<readonly [what: string, body: unknown, errors: readonly string[]]>([
    ['an event for v2', TRIGGER, ["Service key can't be blank", "'event_type' is missing or blank"]],
    [
      'an unknown type',
      { ...LEGACY, event_type: 'fire' },
      ['event_type is invalid (must be one of: trigger acknowledge resolve)'],
    ],
    ['a trigger without description', { ...LEGACY, description: ' ' }, ['Description is missing or blank']],
    ['a description that is a number', { ...LEGACY, description: 5 }, ['Description is not a string']],
    [
      'a long description',
      { ...LEGACY, description: 'x'.repeat(1025) },
      ['Description is too long (maximum is 1024 characters)'],
    ],
    [
      'an acknowledge without incident key',
      { service_key: KEY, event_type: 'acknowledge' },
      ['Incident key is missing or blank'],
    ],
  ])('refuses %s', (_, body, errors) => expect(errorsOf('v1', body)).toEqual(errors));
});
