import { hostname } from 'node:os';
import { readDocument, validate } from '@pdaltagent/events';
import { compose } from './compose';
import { parse } from '../parse';
import { pdSend } from './command';

const KEY = '01234567890123456789012345678901';

function composed(...words: string[]) {
  return compose(parse(pdSend, ['-k', KEY, ...words]));
}

describe('the event that is sent', () => {
  it('has all values from the command line', () => {
    expect(
      composed(
        ...['-t', 'trigger', '-d', 'Disk full', '-i', 'db1/disk', '-s', 'warning', '-o', 'db1', '-m', 'disk'],
        ...[
          '-g',
          'databases',
          '-l',
          'capacity',
          '-c',
          'cron',
          '-u',
          'https://cron',
          '-f',
          'a=1=2',
          '-f',
          'b=',
          '-f',
          'b=3',
        ],
      ),
    ).toEqual({
      routing_key: KEY,
      event_action: 'trigger',
      dedup_key: 'db1/disk',
      payload: {
        summary: 'Disk full',
        source: 'db1',
        severity: 'warning',
        component: 'disk',
        group: 'databases',
        class: 'capacity',
        custom_details: { a: '1=2', b: '3' },
      },
      client: 'cron',
      client_url: 'https://cron',
    });
  });

  it('has defaults and a generated key', () => {
    expect(composed('-t', 'trigger', '-d', 'Disk full')).toEqual({
      routing_key: KEY,
      event_action: 'trigger',
      dedup_key: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      payload: { summary: 'Disk full', source: hostname(), severity: 'critical' },
    });
  });

  it('is minimal for an acknowledge or a resolve', () => {
    expect(composed('-t', 'resolve', '-i', 'a')).toEqual({ routing_key: KEY, event_action: 'resolve', dedup_key: 'a' });
    expect(composed('-t', 'acknowledge', '-i', 'a', '-d', 'seen').payload?.summary).toBe('seen');
  });

  it('is valid with a description of any length', () => {
    const event = composed('-t', 'trigger', '-d', '🔥'.repeat(3000), '-f', '__proto__=x');
    const reading = readDocument(Buffer.from(JSON.stringify(event)));
    expect(reading.ok && validate('v2', reading.document)).toEqual([]);
    expect(JSON.stringify(event)).toContain('{"__proto__":"x"}');
    expect([...(event.payload?.summary ?? '')]).toHaveLength(1024);
  });

  it.each([
    [['-t', 'trigger'], "Event type 'trigger' requires description"],
    [['-t', 'trigger', '-d', ' '], "Event type 'trigger' requires description"],
    [['-t', 'resolve'], "Event type 'resolve' requires incident key"],
    [['-t', 'acknowledge', '-i', ''], "Event type 'acknowledge' requires incident key"],
    [['-t', 'trigger', '-d', 'd', '-f', 'novalue'], "argument -f/--field: expected KEY=VALUE, got 'novalue'"],
  ])('is rejected for %j', (words, message) => expect(() => composed(...words)).toThrow(message));
});
