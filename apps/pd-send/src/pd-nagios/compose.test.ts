import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from '../parse';
import { pdNagios } from './command';
import { compose } from './compose';

const KEY = '01234567890123456789012345678901';
const SERVICE = ['-f', 'HOSTNAME=db1', '-f', 'SERVICEDESC=disk /', '-f', 'SERVICESTATE=WARNING'];

const composed = (...words: string[]) => compose(parse(pdNagios, ['-k', KEY, ...words]));

describe('the event of a Nagios notification', () => {
  it('is the one of PagerDuty Agent, as an event v2', () => {
    const file = path.join(__dirname, '../../../../libs/events/fixtures/09-pdagent-pd-nagios-v1-trigger.json');
    const legacy = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    const fields = ['SERVICEDESC=service=test-service', 'SERVICESTATE=critical', 'HOSTNAME=service.test.local'];
    const event = composed('-t', 'PROBLEM', '-n', 'service', ...fields.flatMap((field) => ['-f', field]));
    expect(event).toEqual({
      routing_key: KEY,
      event_action: legacy['event_type'],
      dedup_key: legacy['incident_key'],
      payload: {
        summary: legacy['description'],
        source: 'service.test.local',
        severity: 'critical',
        component: 'service=test-service',
        custom_details: legacy['details'],
      },
    });
  });

  it('describes a host that is down', () => {
    const event = composed('-t', 'RECOVERY', '-n', 'host', '-f', 'HOSTNAME=db1', '-f', 'HOSTSTATE=UP');
    expect(event).toMatchObject({ event_action: 'resolve', dedup_key: 'event_source=host;host_name=db1' });
    expect(event.payload).toMatchObject({ summary: 'HOSTNAME=db1; HOSTSTATE=UP', severity: 'info' });
  });

  it('has a key that PagerDuty accepts, the same for all events of an alert, however long the names are', () => {
    const words = ['-n', 'service', ...SERVICE, '-f', `SERVICEDESC=${'long '.repeat(60)}`];
    const { dedup_key } = composed('-t', 'PROBLEM', ...words);
    expect(dedup_key).toMatch(/^[0-9a-f]{64}$/);
    expect(composed('-t', 'RECOVERY', ...words).dedup_key).toBe(dedup_key);
  });

  it.each([
    ['PROBLEM', 'trigger'],
    ['ACKNOWLEDGEMENT', 'acknowledge'],
    ['RECOVERY', 'resolve'],
  ])('%s: %s', (type, action) => {
    expect(composed('-t', type, '-n', 'service', ...SERVICE).event_action).toBe(action);
  });

  it.each([
    ['CRITICAL', 'critical'],
    ['WARNING', 'warning'],
    ['UNKNOWN', 'error'],
    ['OK', 'info'],
    ['something else', 'critical'],
  ])('a service that is %s: %s', (state, severity) => {
    const event = composed('-t', 'PROBLEM', '-n', 'service', ...SERVICE, '-f', `SERVICESTATE=${state}`);
    expect(event.payload?.severity).toBe(severity);
  });

  it('accepts a key and the fields of PagerDuty’s configuration for Icinga', () => {
    const words = ['-i', 'mine', '-c', 'icinga1', '-u', 'https://icinga1/icingaweb2'];
    expect(composed('-t', 'PROBLEM', '-n', 'service', ...SERVICE, ...words)).toMatchObject({
      dedup_key: 'mine',
      client: 'icinga1',
      client_url: 'https://icinga1/icingaweb2',
    });
  });

  it.each([
    [['-n', 'host', '-f', 'HOSTNAME=a'], "Missing fields for type 'host'.  HOSTNAME, HOSTSTATE required"],
    [['-n', 'service'], "Missing fields for type 'service'.  HOSTNAME, SERVICEDESC, SERVICESTATE required"],
    [['-n', 'service', '-f', 'a'], "argument -f/--field: expected KEY=VALUE, got 'a'"],
  ])('is rejected for %j', (words, message) => {
    expect(() => composed('-t', 'PROBLEM', ...words)).toThrow(message);
  });

  it('is rejected for a type that PagerDuty Agent does not accept either', () => {
    expect(() => composed('-t', 'DOWNTIMESTART', '-n', 'host')).toThrow(
      "argument -t/--event-type: invalid choice: 'DOWNTIMESTART' (choose from 'PROBLEM', 'ACKNOWLEDGEMENT', 'RECOVERY')",
    );
  });
});
