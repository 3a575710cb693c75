import { parse } from '../parse';
import { pdZabbix } from './command';
import { compose } from './compose';

const KEY = '01234567890123456789012345678901';
const BODY =
  'name:Disk: full\nid:13502\nstatus:PROBLEM\nhostname:db1\nip:10.0.0.1\nvalue:1\nevent_id:126\nseverity:High';

const composed = (type: string, body: string) => compose(parse(pdZabbix, [KEY, type, body]));

describe('the event of a Zabbix message', () => {
  it('is the one of PagerDuty Agent, as an event v2', () => {
    expect(composed('trigger', `${BODY}\r\n`)).toEqual({
      routing_key: KEY,
      event_action: 'trigger',
      dedup_key: '13502-db1',
      payload: {
        summary: 'Disk: full : PROBLEM for db1',
        source: 'db1',
        severity: 'error',
        custom_details: {
          name: 'Disk: full',
          id: '13502',
          status: 'PROBLEM',
          hostname: 'db1',
          ip: '10.0.0.1',
          value: '1',
          event_id: '126',
          severity: 'High',
        },
      },
      client: 'Zabbix',
    });
  });

  it('reads key and URL from the body, and continuation lines', () => {
    const event = composed('resolve', `${BODY}\nurl:https://zabbix/tr\nincident_key:mine\nNOTE:one\ntwo\n`);
    expect(event).toMatchObject({
      event_action: 'resolve',
      dedup_key: 'mine',
      client_url: 'https://zabbix/tr',
      payload: { custom_details: { NOTE: 'one\ntwo' } },
    });
  });

  it('has a key that PagerDuty accepts, the same for each event, however long the given one is', () => {
    const body = `${BODY}\nincident_key:${'k'.repeat(300)}`;
    expect(composed('trigger', body).dedup_key).toMatch(/^[0-9a-f]{64}$/);
    expect(composed('resolve', body).dedup_key).toBe(composed('trigger', body).dedup_key);
  });

  it('resolves after a cancelled escalation', () => {
    const event = composed('trigger', `${BODY}\nNOTE:Escalation cancelled: host was disabled`);
    expect(event).toMatchObject({ event_action: 'resolve', dedup_key: '13502-db1' });
    expect(event.payload?.custom_details).toMatchObject({
      NOTE: 'Escalation cancelled: host was disabled (converted from trigger to resolve by pdagent integration)',
    });
  });

  it.each([
    ['Not classified', 'info'],
    ['Information', 'info'],
    ['Warning', 'warning'],
    ['Average', 'warning'],
    ['High', 'error'],
    ['Disaster', 'critical'],
    ['', 'critical'],
  ])('a trigger that is "%s": %s', (name, severity) => {
    expect(composed('trigger', BODY.replace('High', name)).payload?.severity).toBe(severity);
  });

  it.each([
    ['', "the body must begin with NAME:VALUE, but begins with ''"],
    ['id:1\nname:n\nstatus:s', "the body has no line 'hostname:'"],
  ])('is rejected for the body %j', (body, message) => {
    expect(() => composed('trigger', body)).toThrow(message);
  });

  it.each([
    [[KEY], 'the following arguments are required: {trigger,resolve}, BODY'],
    [['', 'trigger', BODY], 'the following arguments are required: KEY'],
    [[KEY, 'trigger', BODY, 'more'], 'unrecognized arguments: more'],
    [
      [KEY, 'problem', BODY],
      "argument {trigger,resolve}: invalid choice: 'problem' (choose from 'trigger', 'resolve')",
    ],
  ])('is rejected for the arguments %j', (words, message) => {
    expect(() => parse(pdZabbix, words)).toThrow(message);
  });
});
