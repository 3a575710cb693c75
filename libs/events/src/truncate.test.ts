import { type ApiType, readEvent, truncateLargeEvent, truncateSummary } from './index';

function fitted(type: ApiType, text: string) {
  const large = truncateLargeEvent(type, Buffer.from(text));
  const reading = readEvent(large.event);
  if (!reading.ok) throw new Error(reading.error);
  const { event, warnings } = truncateSummary(type, reading.document);
  const sent = event.bytes.toString();
  return {
    text: sent,
    value: JSON.parse(sent) as unknown,
    read: event.value,
    warnings: [...large.warnings, ...warnings],
  };
}

describe('truncating an event to PagerDuty’s limits', () => {
  it('does not change an event within the limits', () => {
    const text = `{ "payload" : {"summary":"${'x'.repeat(1024)}", "n": 1.0, "custom_details": {"big": 12345678901234567890}}}`;
    expect(fitted('v2', text)).toMatchObject({ text, warnings: [] });
  });

  it.each<readonly [ApiType, string, string]>([
    ['v2', `{"n":1.0,"payload":{"summary":"`, `","m":1e400}}`],
    ['change', `{"n":1.0,"payload":{"summary":"`, `","m":1e400}}`],
    ['v1', `{"n":1.0,"description":"`, `","m":1e400}`],
  ])('truncates a long summary of %s to 1,024 characters and changes nothing else', (type, before, after) => {
    const { text, value, read, warnings } = fitted(type, `${before}${'🔥'.repeat(1500)}${after}`);
    expect(text).toBe(`${before}${'🔥'.repeat(1023)}…${after}`);
    expect(read).toEqual(value);
    expect(warnings).toHaveLength(1);
  });

  it('replaces the custom details of an event over 512 KB by a note', () => {
    const { value, warnings } = fitted(
      'v2',
      JSON.stringify({ payload: { summary: 's', custom_details: { log: 'x'.repeat(600_000) } }, client: 'c' }),
    );
    expect(value).toEqual({
      payload: {
        summary: 's',
        custom_details: {
          error: 'Custom details have been removed because the original event exceeds the maximum size of 512KB',
        },
      },
      client: 'c',
    });
    expect(warnings).toEqual(["'custom_details' was removed: the event exceeds the maximum size of 512KB"]);
  });

  it('replaces the details of a legacy event', () => {
    const { text, warnings } = fitted('v1', JSON.stringify({ details: 'x'.repeat(600_000), description: 'd' }));
    expect(text.length).toBeLessThan(300);
    expect(warnings).toEqual(["'details' was removed: the event exceeds the maximum size of 512KB"]);
  });

  it('truncates a summary that occurs many times without making the event larger', () => {
    const many = '"summary":"a",'.repeat(10_000);
    const { text, value } = fitted('v2', `{"payload":{${many}"summary":"${'x'.repeat(2000)}"}}`);
    expect(text).toBe(`{"payload":{${many}"summary":"${'x'.repeat(1023)}…"}}`);
    expect(value).toEqual({ payload: { summary: `${'x'.repeat(1023)}…` } });
  });

  it('returns an event that is still too large if there is nothing to truncate', () => {
    const { text, warnings } = fitted('v2', JSON.stringify({ payload: {}, client: 'x'.repeat(600_000) }));
    expect(text.length).toBeGreaterThan(600_000);
    expect(warnings).toEqual([]);
  });
});
