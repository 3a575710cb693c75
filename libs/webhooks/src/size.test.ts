import restPage from '../samples/rest-log-entries.json';
import { parseDestinations } from './destination';
import { objectOf } from './json';
import { parseLogEntry } from './log-entry';
import { MAX_FULL_BODY_BYTES } from './size';
import { webhookOf } from './webhook';

const BULK = 'x'.repeat(60_000);
const OMITTED = 'Omitted: with it the webhook would be larger than 55 KB';

function sent(channel: object) {
  const entry = parseLogEntry({ ...restPage.log_entries[0], channel });
  const [destination] = parseDestinations('https://hooks.example.net/pd') ?? [];
  if (entry === null || destination === undefined) throw new Error('the sample is a log entry, the URL is one');
  const { body } = webhookOf(entry, { format: 'v2', destination, config: {} });
  const parsed = JSON.parse(body.toString()) as { messages: [{ log_entries: [{ channel: unknown }] }] };
  return { bytes: body.length, channel: objectOf(parsed.messages[0].log_entries[0].channel) };
}

describe('a v2 body', () => {
  it('up to 55 KB is complete', () => {
    const channel = {
      type: 'api',
      details: 'x'.repeat(MAX_FULL_BODY_BYTES - sent({ type: 'api', details: '' }).bytes),
    };
    expect(sent(channel)).toEqual({ bytes: MAX_FULL_BODY_BYTES, channel });
  });

  it.each([
    [
      { type: 'api', details: BULK, summary: 'Disk' },
      { type: 'api', summary: 'Disk', details: OMITTED, details_omitted: true },
    ],
    [
      { type: 'email', body: BULK },
      { type: 'email', body: OMITTED, body_omitted: true },
    ],
    [
      { type: 'api', details: { a: 1 }, cef_details: { severity: 'critical', details: { a: BULK } } },
      {
        type: 'api',
        details: OMITTED,
        details_omitted: true,
        cef_details: { severity: 'critical', details: OMITTED, details_omitted: true },
      },
    ],
  ])('above that has a message in place of large parts, and says what was omitted (%#)', (channel, lean) => {
    const { bytes, channel: left } = sent(channel);
    expect(left).toEqual(lean);
    expect(bytes).toBeLessThan(10_000);
  });

  it('above that says nothing about absent parts', () => {
    expect(sent({ type: 'api', details: null, summary: BULK }).channel).toEqual({
      type: 'api',
      details: null,
      summary: BULK,
    });
  });
});
