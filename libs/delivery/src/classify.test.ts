import { type Attempt, FAULTS } from './outcome';
import { classifyEvent, classifyWebhook, type EventPath } from './classify';

const PATHS: readonly EventPath[] = ['v2', 'v1', 'change', 'x-ere', 'integration', 'integration-change'];
const answer = (status: number, retryAfter?: string): Attempt => ({ kind: 'answer', status, retryAfter, body: 'text' });
const STATUSES = Array.from({ length: 500 }, (_, index) => index + 100);

/** What PagerDuty's documentation makes of each status, written down once more, status by status. */
function expectedOfEvent(path: EventPath, status: number): string {
  if (status >= 200 && status <= 299) return 'delivered';
  if ([400, 413, 414, 415, 422].includes(status)) return 'rejected';
  if (status === 429) return 'throttled';
  if (status === 403 && path !== 'v2' && path !== 'change') return 'throttled';
  return 'failed';
}

describe('what an answer to an event means', () => {
  it.each(PATHS)('is known for every status on %s', (path) => {
    for (const status of STATUSES) {
      expect([status, classifyEvent(path, answer(status), 0).kind]).toEqual([status, expectedOfEvent(path, status)]);
    }
  });

  it('a refusal of the way speaks about the key alone where the key is in the path', () => {
    expect(classifyEvent('v2', answer(404), 0)).toMatchObject({ reason: 'way', scope: 'destination' });
    expect(classifyEvent('integration', answer(404), 0)).toMatchObject({ reason: 'way', scope: 'key' });
  });

  it('no fault of the network condemns an event', () => {
    for (const fault of FAULTS) {
      expect(classifyEvent('v2', { kind: 'fault', fault, detail: '' }, 0)).toMatchObject({
        kind: 'failed',
        reason: fault,
      });
    }
  });

  it('honours Retry-After in seconds and as a date, and clamps it', () => {
    const now = Date.parse('2026-03-01T00:00:00Z');
    expect(classifyEvent('v2', answer(429, '7'), now)).toMatchObject({ retryAfterMs: 7_000 });
    expect(classifyEvent('v2', answer(429, 'Sun, 01 Mar 2026 00:00:30 GMT'), now)).toMatchObject({
      retryAfterMs: 30_000,
    });
    expect(classifyEvent('v2', answer(503, '86400'), now)).toMatchObject({ retryAfterMs: 300_000 });
    expect(classifyEvent('v2', answer(429, 'soon'), now)).toMatchObject({ retryAfterMs: undefined });
    expect(classifyEvent('v2', answer(429, 'Sun, 01 Mar 2020 00:00:30 GMT'), now)).toMatchObject({ retryAfterMs: 0 });
  });
});

describe('what an answer to a webhook means', () => {
  it('is PagerDuty’s own policy for every status', () => {
    for (const status of STATUSES) {
      const kind = classifyWebhook(answer(status), 0).kind;
      if (status >= 200 && status <= 299) expect([status, kind]).toEqual([status, 'delivered']);
      else if (status === 429) expect([status, kind]).toEqual([status, 'throttled']);
      else if (status >= 500 || status === 408) expect([status, kind]).toEqual([status, 'failed']);
      else if (status === 410) expect([status, kind]).toEqual([status, 'gone']);
      else expect([status, kind]).toEqual([status, 'rejected']);
    }
  });

  it('every fault of the network is tried again', () => {
    for (const fault of FAULTS) {
      expect(classifyWebhook({ kind: 'fault', fault, detail: '' }, 0)).toMatchObject({ kind: 'failed', reason: fault });
    }
  });
});
