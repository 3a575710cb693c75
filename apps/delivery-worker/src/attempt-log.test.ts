import { SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Outcome } from '@pdaltagent/delivery';
import { AttemptLog } from './attempt-log';

const EVENT = { id: 'e1', type: 'v2', routingKey: '0123456789abcdef0123456789abd1a6' } as const;
const failed = (changes: Partial<Extract<Outcome, { kind: 'failed' }>> = {}): Outcome => ({
  kind: 'failed',
  reason: 'server-error',
  scope: 'destination',
  status: 503,
  detail: 'a response that repeats the event',
  retryAfterMs: undefined,
  ...changes,
});

let lines: [level: string, message: string, fields: unknown][];
let now: number;
let log: AttemptLog;
beforeEach(() => {
  lines = [];
  now = 0;
  const at = (level: string) => (message: string, fields: unknown) => void lines.push([level, message, fields]);
  log = new AttemptLog({ debug: at('debug'), warn: at('warn') }, { ...SYSTEM_CLOCK, monotonic: () => now });
});

it('logs the first failed delivery at once, with the id of its event, and then at most one a minute', () => {
  log.record(EVENT, failed());
  expect(lines).toEqual([
    [
      'warn',
      expect.stringContaining('could not be delivered'),
      { id: 'e1', type: 'v2', key: '…d1a6', outcome: 'failed', reason: 'server-error', status: 503 },
    ],
  ]);
  for (now = 1_000; now <= 61_000; now += 1_000) log.record(EVENT, failed());
  expect(lines.filter(([level]) => level === 'warn')).toHaveLength(2);
  expect(lines).toHaveLength(62);
});

it('logs the network’s error text, but no text of a response', () => {
  log.record(EVENT, failed({ reason: 'refused', status: undefined, detail: 'connect ECONNREFUSED' }));
  expect(lines[0]?.[2]).toMatchObject({ detail: 'connect ECONNREFUSED' });
  log.record(EVENT, { kind: 'rejected', status: 400, response: 'a response that repeats the event' });
  expect(lines[1]?.[0]).toBe('debug');
  expect(JSON.stringify(lines)).not.toContain('a response that repeats');
});
