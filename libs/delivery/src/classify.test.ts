import { connectivityFaultOf } from './connectivity';
import { type Attempt, FAULTS } from './outcome';
import { classifyEvent, classifyWebhook, type EventPath } from './classify';

const PATHS: readonly EventPath[] = [
  'v2',
  'v1',
  'change',
  'x-ere',
  'integration',
  'integration-change',
  'adapter',
  'nagios',
];
/** Paths with documented responses. */
const DOCUMENTED: readonly EventPath[] = ['v2', 'v1', 'change'];
const VENDORS = PATHS.filter((path) => !DOCUMENTED.includes(path));
const STATUSES = Array.from({ length: 500 }, (_, index) => index + 100);

type HttpResponse = Extract<Attempt, { readonly kind: 'response' }>;

/** A response as PagerDuty sends it with that status. */
function response(status: number, retryAfter?: string): HttpResponse {
  const words = status < 300 ? { status: 'success', message: 'Event processed' } : REFUSED;
  return { kind: 'response', status, retryAfter, body: JSON.stringify(words), contentType: 'application/json' };
}

const REFUSED = { status: 'invalid event', message: 'Event object is invalid', errors: ["'summary' is too long"] };

/** How an intermediary may respond. */
const PAGES: Readonly<Record<string, Pick<HttpResponse, 'body' | 'contentType' | 'server'>>> = {
  'a page that asks for a login': {
    body: '<html><head><title>Access blocked</title></head><body>Please log in.</body></html>',
    contentType: 'text/html; charset=utf-8',
    server: 'squid/5.7',
  },
  'a page without a content type': { body: '\n<!DOCTYPE html><p>Welcome to Airport Wi-Fi</p>' },
  nothing: { body: '' },
  text: { body: 'OK', contentType: 'text/plain' },
  'another JSON object': { body: '{"message":"Bad Request"}', contentType: 'application/json' },
  'no whole JSON object': { body: '{"status":"success","mess', contentType: 'application/json' },
  'JSON that is no object': { body: '"success"', contentType: 'application/json' },
};

const from = (page: string, status: number): HttpResponse => ({
  kind: 'response',
  status,
  retryAfter: undefined,
  body: '',
  ...PAGES[page],
});

/** The meaning of each status in PagerDuty's documentation, status by status. */
function expectedOfEvent(path: EventPath, status: number): string {
  if (status === (path === 'v1' ? 200 : 202)) return 'delivered';
  if (status >= 200 && status <= 299) return VENDORS.includes(path) || status === 202 ? 'delivered' : 'failed';
  if ([400, 413, 414, 415, 422].includes(status)) return 'rejected';
  if (status === 429) return 'throttled';
  if (status === 403 && path !== 'v2' && path !== 'change') return 'throttled';
  return 'failed';
}

describe('what a response of PagerDuty’s to an event means', () => {
  it.each(PATHS)('is known for every status on %s', (path) => {
    for (const status of STATUSES) {
      expect([status, classifyEvent(path, response(status), 0).kind]).toEqual([status, expectedOfEvent(path, status)]);
    }
  });

  it('is recognized with any whitespace around it', () => {
    for (const body of ['\ufeff{"status":"success"}', '\r\n {"status":"success","message":"Event processed"}\n']) {
      expect(classifyEvent('v2', { kind: 'response', status: 202, retryAfter: undefined, body }, 0).kind).toBe(
        'delivered',
      );
    }
  });

  it('is a rejection even without a message, if the status text is PagerDuty’s', () => {
    for (const status of ['invalid event', 'Unrecognized object'])
      expect(classifyEvent('v2', { ...response(400), body: JSON.stringify({ status }) }, 0).kind).toBe('rejected');
  });

  it('a connectivity fault concerns only the key if the key is in the path', () => {
    expect(classifyEvent('v2', response(404), 0)).toMatchObject({ reason: 'way', scope: 'destination' });
    expect(classifyEvent('integration', response(404), 0)).toMatchObject({ reason: 'way', scope: 'key' });
  });

  it('keeps 2 KB of a long rejection, which may list many errors', () => {
    const errors = Array.from({ length: 200 }, (_, index) => `error ${index} of an event`);
    const refusal = { ...response(400), body: JSON.stringify({ ...REFUSED, errors }) };
    const outcome = classifyEvent('v2', refusal, 0);
    expect(outcome).toMatchObject({ kind: 'rejected', status: 400 });
    expect(outcome.kind === 'rejected' && outcome.response).toBe(refusal.body.slice(0, 2048));
  });
});

describe.each(Object.keys(PAGES))('a response in place of PagerDuty’s: %s', (page) => {
  it.each(DOCUMENTED)('is no delivery on %s, whatever its status', (path) => {
    for (const status of [200, 201, 202, 204]) {
      expect(classifyEvent(path, from(page, status), 0)).toMatchObject({
        kind: 'failed',
        reason: 'unrecognized-answer',
        scope: 'destination',
      });
    }
  });

  it.each(DOCUMENTED)('rejects no event on %s', (path) => {
    for (const status of [400, 415, 422]) {
      expect(classifyEvent(path, from(page, status), 0)).toMatchObject({
        kind: 'failed',
        reason: 'unrecognized-answer',
        scope: 'destination',
      });
    }
  });

  it.each(DOCUMENTED)('concerns only the one event on %s if it says that the event is too large', (path) => {
    for (const status of [413, 414, 431]) {
      expect(classifyEvent(path, from(page, status), 0)).toMatchObject({ kind: 'failed', scope: 'message' });
    }
  });

  it.each(PATHS)('on %s means what its status means: throttled, or a server failure', (path) => {
    expect(classifyEvent(path, from(page, 429), 0).kind).toBe('throttled');
    expect(classifyEvent(path, from(page, 503), 0)).toMatchObject({ reason: 'server-error', scope: 'destination' });
    expect(classifyEvent(path, from(page, 408), 0)).toMatchObject({ reason: 'request-timeout' });
  });
});

describe.each(VENDORS)('a response whose form is not documented, on %s', (path) => {
  it.each(['nothing', 'text', 'another JSON object', 'JSON that is no object'])('is a delivery: %s', (page) => {
    for (const status of [200, 202, 204]) expect(classifyEvent(path, from(page, status), 0).kind).toBe('delivered');
  });

  it.each(['a page that asks for a login', 'a page without a content type'])('is no delivery: %s', (page) => {
    for (const status of [200, 202, 400, 422]) {
      expect(classifyEvent(path, from(page, status), 0)).toMatchObject({ kind: 'failed', scope: 'destination' });
    }
  });

  it('rejects with any JSON object, and concerns only the one event with other text', () => {
    for (const status of [400, 413, 415, 422]) {
      expect(classifyEvent(path, from('another JSON object', status), 0).kind).toBe('rejected');
      expect(classifyEvent(path, from('text', status), 0)).toMatchObject({ kind: 'failed', scope: 'message' });
    }
  });

  it('concerns only the one event, not its integration, if a header is too large', () => {
    for (const page of Object.keys(PAGES)) {
      expect(classifyEvent(path, from(page, 431), 0)).toMatchObject({ kind: 'failed', scope: 'message' });
    }
  });
});

describe('what a response to an event means', () => {
  it('names who answered in place of PagerDuty, by its headers alone', () => {
    const server = `nginx/1.24.0\t\u00e9 ${'x'.repeat(100)}`;
    const contentType = 'text/html; charset=utf-8';
    expect(classifyEvent('v2', { ...from('nothing', 200), server, contentType }, 0)).toMatchObject({
      responder: { server: `nginx/1.24.0 ${'x'.repeat(100)}`.slice(0, 64), contentType: 'text/html' },
    });
    expect(classifyEvent('v2', from('nothing', 200), 0)).toMatchObject({
      responder: { server: undefined, contentType: undefined },
    });
  });

  it('no network fault rejects an event', () => {
    for (const fault of FAULTS) {
      expect(classifyEvent('v2', { kind: 'fault', fault, detail: '' }, 0)).toMatchObject({
        kind: 'failed',
        reason: fault,
      });
    }
  });

  it('honours Retry-After in seconds and as a date, and clamps it', () => {
    const now = Date.parse('2026-03-01T00:00:00Z');
    expect(classifyEvent('v2', response(429, '7'), now)).toMatchObject({ retryAfterMs: 7_000 });
    expect(classifyEvent('v2', response(429, 'Sun, 01 Mar 2026 00:00:30 GMT'), now)).toMatchObject({
      retryAfterMs: 30_000,
    });
    expect(classifyEvent('v2', response(503, '86400'), now)).toMatchObject({ retryAfterMs: 300_000 });
    expect(classifyEvent('v2', response(429, 'soon'), now)).toMatchObject({ retryAfterMs: undefined });
  });

  it('reads a date in Retry-After by the clock that its Date shows, whatever ours shows', () => {
    const throttled: HttpResponse = {
      ...response(429, 'Sun, 01 Mar 2026 00:00:30 GMT'),
      date: 'Sun, 01 Mar 2026 00:00:10 GMT',
    };
    const ours = Date.UTC(2026, 2, 1);
    for (const now of [ours, ours - 86_400_000, ours + 86_400_000]) {
      expect(classifyEvent('v2', throttled, now)).toMatchObject({ retryAfterMs: 20_000 });
      expect(classifyWebhook(throttled, now)).toMatchObject({ retryAfterMs: 20_000 });
    }
    expect(classifyEvent('v2', { ...throttled, date: 'yesterday' }, ours)).toMatchObject({ retryAfterMs: 30_000 });
  });

  it('ignores a Retry-After of 0 or in the past, so that the backoff applies', () => {
    const now = Date.parse('2026-03-01T00:00:00Z');
    for (const retryAfter of ['0', '0.2', '-7', 'Sun, 01 Mar 2020 00:00:30 GMT', 'Sun, 01 Mar 2026 00:00:00 GMT', '']) {
      expect(classifyEvent('v2', response(429, retryAfter), now)).toMatchObject({ retryAfterMs: undefined });
    }
  });
});

describe('what a response to a webhook means', () => {
  it('is PagerDuty’s own policy for every status', () => {
    for (const status of STATUSES) {
      const kind = classifyWebhook(response(status), 0).kind;
      if (status >= 200 && status <= 299) expect([status, kind]).toEqual([status, 'delivered']);
      else if (status === 429) expect([status, kind]).toEqual([status, 'throttled']);
      else if (status >= 500 || [407, 408].includes(status)) expect([status, kind]).toEqual([status, 'failed']);
      else if (status === 410) expect([status, kind]).toEqual([status, 'gone']);
      else expect([status, kind]).toEqual([status, 'rejected']);
    }
  });

  it('says nothing about the webhook if the proxy asks for a password', () => {
    const outcome = classifyWebhook(response(407), 0);
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'way', scope: 'destination', status: 407 });
    expect(connectivityFaultOf(outcome)).toBe('proxy');
  });

  it('every network fault is retried', () => {
    for (const fault of FAULTS) {
      expect(classifyWebhook({ kind: 'fault', fault, detail: '' }, 0)).toMatchObject({ kind: 'failed', reason: fault });
    }
  });
});
