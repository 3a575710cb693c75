import { type Clock } from '@pdaltagent/clock';
import { parseRules } from './rules';
import { createScrubber, type Scrubber } from './scrubber';

/** A clock on which each reading takes a millisecond. */
function steppingClock(): Clock {
  let now = 0;
  return { monotonic: () => (now += 1), wall: () => 0, after: () => () => undefined };
}

/** A scrubber whose time is over after a few texts of 20,000 characters. */
const limited = (milliseconds: number, options = {}): Scrubber =>
  createScrubber({ secret: 'k', ...options, time: { clock: steppingClock(), milliseconds } });

const LONG = 'disk of jane@example.com '.repeat(800);

function eventWith(details: readonly string[]): Buffer {
  const payload = {
    source: 'db1',
    severity: 'critical',
    custom_details: { details, n: 5 },
    summary: 'jane@example.com',
  };
  return Buffer.from(JSON.stringify({ routing_key: 'k'.repeat(32), payload, dedup_key: 'of jane@example.com' }));
}

describe('what is not scanned in time', () => {
  const event = eventWith([...Array.from({ length: 20 }, () => LONG), 'last']);
  const { bytes, found } = limited(10).scrubBody('v2', 'application/json', event);
  const scrubbed = JSON.parse(bytes.toString()) as {
    routing_key: string;
    dedup_key: string;
    payload: { summary: string; source: string; severity: string; custom_details: { details: string[]; n: number } };
  };

  it('is replaced and counted', () => {
    expect(scrubbed.payload.custom_details.details.at(-1)).toBe('{{UNSCANNED}}');
    expect(found['UNSCANNED']).toBeGreaterThan(5);
    expect(bytes.toString()).not.toContain('jane');
  });

  it('comes after the summary and the dedup key, whose pseudonym is the same as ever', () => {
    expect(scrubbed.payload.summary).toBe('{{EMAIL_ADDRESS}}');
    const unlimited = createScrubber({ secret: 'k' }).scrubBody('v2', 'application/json', eventWith([]));
    expect(unlimited.bytes.toString()).toContain(`"dedup_key":"${scrubbed.dedup_key}"`);
  });

  it('leaves what is never scanned', () => {
    const { routing_key, payload } = scrubbed;
    expect(routing_key).toBe('k'.repeat(32));
    expect(payload).toMatchObject({ severity: 'critical', custom_details: { n: 5 } });
  });
});

it('replaces everything but the dedup key if there is no time at all', () => {
  const { bytes, found } = limited(0).scrubBody('v2', 'application/json', eventWith(['a']));
  const unlimited = createScrubber({ secret: 'k' }).scrubBody('v2', 'application/json', eventWith(['a']));
  const [key] = /"dedup_key":"[^"]*"/.exec(unlimited.bytes.toString()) ?? [];
  expect(bytes.toString()).toContain(String(key));
  expect(found).toEqual({ UNSCANNED: 3, EMAIL_ADDRESS: 1 });
  expect(bytes.toString().match(/\{\{UNSCANNED\}\}/g)).toHaveLength(3);
});

it('replaces dedup keys beyond the first 4,096 characters as a whole', () => {
  const keys = Array.from({ length: 9 }, (_, n) => `"dedup_key":"${'x'.repeat(500)} ${n}"`);
  const { bytes } = limited(0).scrubBody('v2', 'application/json', Buffer.from(`{${keys.join(',')}}`));
  expect(bytes.toString().match(/"x{500} \d"/g)).toHaveLength(8);
  expect(bytes.toString().match(/"sha256:[\da-f]{64}"/g)).toHaveLength(1);
});

it('replaces a plain text, and the values of a form, as a whole', () => {
  const FORM = 'application/x-www-form-urlencoded';
  expect(limited(0).scrubText('to jane').text).toBe('{{UNSCANNED}}');
  expect(limited(0).scrubBody('integration', FORM, Buffer.from('a=b&c=&d=e+f')).bytes.toString()).toBe(
    'a=%7B%7BUNSCANNED%7D%7D&c=&d=%7B%7BUNSCANNED%7D%7D',
  );
  expect(limited(0).scrubWebhook(Buffer.from('{"id":"P1","note":"jane"}')).bytes.toString()).toBe(
    '{"id":"P1","note":"{{UNSCANNED}}"}',
  );
});

it('replaces less if there is more time', () => {
  const event = eventWith(Array.from({ length: 20 }, () => LONG));
  const unscanned = (milliseconds: number) =>
    limited(milliseconds).scrubBody('v2', 'application/json', event).found['UNSCANNED'] ?? 0;
  expect(unscanned(5)).toBeGreaterThan(unscanned(100));
  expect(unscanned(100_000)).toBe(0);
});

describe('a slow rule', () => {
  const rules = parseRules(
    '[{"name":"HANDLE","pattern":"(?i)\\\\b[\\\\w.-]{1,64}#[\\\\w-]{1,64}\\\\.example"},{"name":"ID","pattern":"\\\\bID\\\\d{6}\\\\b"}]',
  );

  it('cannot take longer than the time of an event: the rest is replaced', () => {
    const text = 'abcdefgh '.repeat(25_000);
    expect(limited(5, { rules }).scrubText(text)).toEqual({ text: '{{UNSCANNED}}', found: { UNSCANNED: 1 } });
    const event = eventWith(['short', text, 'after']);
    const { found } = limited(5, { rules }).scrubBody('v2', 'application/json', event);
    expect(found['UNSCANNED']).toBe(2);
  });

  it('finds the same in a long text, which is scanned in pieces, as in its parts', () => {
    const parts = Array.from({ length: 6_000 }, (_, n) => `${'x'.repeat(n % 13)} ID${100_000 + n} IDX${n} AID123456 `);
    const expected = parts.map((part) => part.replace(/\bID\d{6}\b/g, '{{ID}}')).join('');
    expect(createScrubber({ rules, detectors: [] }).scrubText(parts.join('')).text).toBe(expected);
    const solid = 'ID123456 '.repeat(2) + 'x'.repeat(50_000) + ' ID123456';
    expect(createScrubber({ rules, detectors: [] }).scrubText(solid).found).toEqual({ ID: 3 });
  });

  it('shortens what may be scrubbed while other requests wait', () => {
    const { quickCharacters } = createScrubber();
    expect(quickCharacters).toBeGreaterThan(4_000);
    expect(createScrubber({ rules }).quickCharacters).toBeLessThan(quickCharacters / 5);
  });
});
