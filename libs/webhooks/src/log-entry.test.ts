import fc from 'fast-check';
import { parseDestinations } from './destination';
import { oldestFirst, parseLogEntry, parseTime } from './log-entry';
import { webhookOf } from './webhook';

describe('reading a log entry', () => {
  it('accepts an entry with an id only', () => {
    expect(parseLogEntry({ id: 'R1' })).toEqual({
      id: 'R1',
      type: 'log_entry',
      createdAt: null,
      incidentId: null,
      serviceId: null,
      fields: { id: 'R1' },
    });
  });

  it('gives an entry without an id one that is the same at every read', () => {
    const first = parseLogEntry({ type: 'notify_log_entry', summary: 'a' })?.id;
    expect(parseLogEntry({ type: 'notify_log_entry', summary: 'a' })?.id).toBe(first);
    expect(parseLogEntry({ type: 'notify_log_entry', summary: 'b' })?.id).not.toBe(first);
  });

  it('keeps the id of an entry without one when its incident has changed', () => {
    const idWhen = (status: string, service: object) =>
      parseLogEntry({ type: 'notify_log_entry', incident: { id: 'P1', status }, service, teams: [{ status }] })?.id;
    expect(idWhen('triggered', { id: 'S1', status: 'critical' })).toBe(idWhen('resolved', { id: 'S1' }));
  });

  it('accepts a number as an id', () => {
    expect(parseLogEntry({ id: 7 })?.id).toBe('7');
  });

  it('accepts an entry that is nested too deeply to be serialized', () => {
    const deep: unknown = JSON.parse(`{"fields":${'['.repeat(20_000)}${']'.repeat(20_000)}}`);
    expect(parseLogEntry(deep)?.id).toMatch(/^content-[0-9a-f]{32}$/);
  });

  it('rejects only what is not an object', () => {
    for (const value of [null, undefined, 1, 'text', true, []]) expect(parseLogEntry(value)).toBeNull();
  });

  it('finds the service in the incident if the entry has none', () => {
    expect(parseLogEntry({ id: 'R1', incident: { id: 'P1', service: { id: 'S1' } } })?.serviceId).toBe('S1');
  });

  it('turns any JSON object into a webhook of both formats', () => {
    const [destination] = parseDestinations('http://receiver.test/') ?? [];
    if (destination === undefined) throw new Error('the URL is one');
    const field = fc.constantFrom(
      ...['id', 'type', 'created_at', 'agent', 'channel', 'service', 'incident', 'teams', 'note', 'event_details'],
    );
    const part = fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom('id', 'type', 'service'), fc.jsonValue()));
    fc.assert(
      fc.property(fc.dictionary(field, part), fc.constantFrom('v2', 'v3'), (fields, format) => {
        const entry = parseLogEntry(fields);
        if (entry === null) throw new Error('an object is an entry');
        const body: unknown = JSON.parse(webhookOf(entry, { format, destination, config: {} }).body.toString());
        expect(body).toHaveProperty(format === 'v2' ? ['messages', 0, 'event'] : ['event', 'event_type']);
      }),
    );
  });
});

describe('the order of log entries', () => {
  const entriesOf = (...listed: [id: string, seconds: number | null][]) =>
    listed.flatMap(
      ([id, seconds]) =>
        parseLogEntry({ id, created_at: seconds === null ? null : `2026-03-01T00:00:0${seconds}Z` }) ?? [],
    );
  const order = (...listed: [id: string, seconds: number | null][]) =>
    oldestFirst(entriesOf(...listed)).map(({ id }) => id);

  it('is by time, with entries without a time last', () => {
    expect(order(['B', 2], ['X', null], ['C', 1], ['A', 3])).toEqual(['C', 'B', 'A', 'X']);
  });

  it('within a second is the order of the list, whichever end is the newest', () => {
    expect(order(['late', 2], ['A3', 1], ['A2', 1], ['A1', 1], ['early', 0])).toEqual([
      'early',
      'A1',
      'A2',
      'A3',
      'late',
    ]);
    expect(order(['early', 0], ['B1', 1], ['A2', 1], ['B3', 1], ['late', 2])).toEqual([
      'early',
      'B1',
      'A2',
      'B3',
      'late',
    ]);
  });

  it('of entries of a single second assumes that the first is the newest, as PagerDuty lists them', () => {
    expect(order(['A', 1], ['C', 1], ['B', 1])).toEqual(['B', 'C', 'A']);
  });
});

describe('a time', () => {
  it('without a zone is UTC', () => {
    expect(parseTime('2026-03-01T15:14:36')).toBe(Date.UTC(2026, 2, 1, 15, 14, 36));
  });

  it('with an offset is read with it', () => {
    expect(parseTime('2026-03-01T15:14:36+02:00')).toBe(Date.UTC(2026, 2, 1, 13, 14, 36));
  });

  it('that is invalid is null', () => {
    for (const value of ['soon', '', null, 5]) expect(parseTime(value)).toBeNull();
  });
});
