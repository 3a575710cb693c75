import restPage from '../samples/rest-log-entries.json';
import v2Trigger from '../samples/v2-incident-trigger.json';
import v3Annotated from '../samples/v3-incident-annotated.json';
import v3Triggered from '../samples/v3-incident-triggered.json';
import { parseDestinations } from './destination';
import { type LogEntry, parseLogEntry } from './log-entry';
import { webhookOf } from './webhook';

/** `a.b[].c` for every field at every depth: the shape of a body without its values. */
function shapeOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((element) => shapeOf(element, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, field]) => [`${path}.${key}`, ...shapeOf(field, `${path}.${key}`)]);
}

const shape = (value: unknown) => [...new Set(shapeOf(value))].sort();

function entryOf(changes: object = {}): LogEntry {
  const entry = parseLogEntry({ ...restPage.log_entries[0], ...changes });
  if (entry === null) throw new Error('the sample is a log entry');
  return entry;
}

const [destination] = parseDestinations('https://hooks.example.net/pd') ?? [];
if (destination === undefined) throw new Error('the URL is one');

function emitted(format: 'v2' | 'v3', entry: LogEntry): unknown {
  return JSON.parse(webhookOf(entry, { format, destination: destination ?? fail(), config: {} }).body.toString());
}

function fail(): never {
  throw new Error('unreachable');
}

describe('the bodies of webhooks', () => {
  it('have exactly the fields of a v2 sample, at every depth', () => {
    expect(shape(emitted('v2', entryOf()))).toEqual(shape(v2Trigger));
  });

  it('have exactly the fields of a v3 sample, at every depth', () => {
    expect(shape(emitted('v3', entryOf()))).toEqual(shape(v3Triggered));
  });

  it('have exactly the fields of an annotated v3 sample, at every depth', () => {
    const note = entryOf({ type: 'annotate_log_entry', channel: { type: 'note', summary: 'Killing the long query.' } });
    expect(shape(emitted('v3', note))).toEqual(shape(v3Annotated));
    expect(emitted('v3', note)).toMatchObject({
      event: { event_type: 'incident.annotated', data: { content: 'Killing the long query.', trimmed: false } },
    });
  });

  it('are those of a published status update, with its message', () => {
    const update = entryOf({ type: 'status_update_log_entry', message: 'A fix is on its way ✓', channel: null });
    expect(emitted('v3', update)).toMatchObject({
      event: {
        event_type: 'incident.status_update_published',
        data: {
          incident: { type: 'incident_reference' },
          id: update.id,
          message: 'A fix is on its way ✓',
          trimmed: false,
          type: 'incident_status_update',
        },
      },
    });
    const long = entryOf({ type: 'status_update_log_entry', message: 'x'.repeat(30_000) });
    expect(emitted('v3', long)).toMatchObject({ event: { data: { message: 'x'.repeat(25_000), trimmed: true } } });
  });

  it('carry the values of a v2 sample wherever GET /log_entries knows them', () => {
    const ids = { id: expect.any(String) as string, self: expect.any(String) as string };
    const [message] = v2Trigger.messages;
    const webhook = message?.webhook;
    expect(emitted('v2', entryOf())).toEqual({
      messages: [
        {
          ...message,
          id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-5/) as string,
          webhook: { ...webhook, ...ids, outbound_integration: { ...webhook?.outbound_integration, ...ids } },
          incident: { ...message?.incident, alerts: [{ alert_key: null }] },
        },
      ],
    });
  });

  it('carry the values of a v3 sample wherever GET /log_entries knows them', () => {
    expect(emitted('v3', entryOf())).toEqual({
      event: {
        ...v3Triggered.event,
        id: expect.stringMatching(/^[0-9A-Z]{26}$/) as string,
        occurred_at: '2026-03-01T15:14:36.000Z',
        data: { ...v3Triggered.event.data, incident_key: null },
      },
    });
  });

  it('have all fields of a v2 sample at the top of message, log entry and incident even if PagerDuty omits them', () => {
    const bare = entryOf({ incident: { id: 'PINC001' }, channel: undefined, contexts: undefined, agent: null });
    const body = emitted('v2', bare) as typeof v2Trigger;
    const keys = (value: object | undefined) => Object.keys(value ?? {}).sort();
    expect(keys(body.messages[0])).toEqual(keys(v2Trigger.messages[0]));
    expect(keys(body.messages[0]?.log_entries[0])).toEqual(keys(v2Trigger.messages[0]?.log_entries[0]));
    expect(keys(body.messages[0]?.incident)).toEqual(keys(v2Trigger.messages[0]?.incident));
  });
});
