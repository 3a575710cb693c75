import { CONNECTIVITY_FAULTS, type Outcome } from '@pdaltagent/delivery';
import { logStateChange } from './change-log';

const SECRET_RESPONSE = 'a response that may repeat what was sent';
const refused = (status: number | undefined): Extract<Outcome, { readonly kind: 'failed' }> => ({
  kind: 'failed',
  reason: 'way',
  scope: 'key',
  status,
  detail: SECRET_RESPONSE,
  retryAfterMs: undefined,
});

function linesOf(change: Parameters<typeof logStateChange>[1]) {
  const lines: { level: string; message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const at =
    (level: string) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}) =>
      void lines.push({ level, message, fields });
  logStateChange({ info: at('info'), warn: at('warn'), error: at('error') }, change);
  return lines;
}

describe('the log', () => {
  it.each(CONNECTIVITY_FAULTS)('explains a connectivity fault of kind %s as an error, and what to do', (fault) => {
    for (const scope of ['key', 'destination'] as const) {
      const lines = linesOf({ kind: 'connectivity-broken', scope, name: 'name', fault, outcome: refused(404) });
      expect(lines).toMatchObject([{ level: 'error', fields: { fault, status: 404 } }]);
      expect(lines[0]?.message).toContain(
        scope === 'key' ? 'delivery of one key fails' : 'delivery to the destination fails',
      );
      expect(String(lines[0]?.fields.advice)).toMatch(/^(check|look|where)/);
      expect(JSON.stringify(lines)).not.toContain(SECRET_RESPONSE);
    }
  });

  it('names who answered in place of PagerDuty, with status and content type, and nothing of the response', () => {
    const responder = { server: 'nginx', contentType: 'text/html' };
    const outcome = { ...refused(200), reason: 'unrecognized-answer' as const, responder };
    const fault = 'unrecognized-answer' as const;
    const lines = linesOf({ kind: 'connectivity-broken', scope: 'destination', name: 'PagerDuty', fault, outcome });
    expect(lines).toMatchObject([
      { level: 'error', fields: { destination: 'PagerDuty', status: 200, server: 'nginx', contentType: 'text/html' } },
    ]);
    expect(lines[0]?.message).toContain('answered by nginx, not PagerDuty');
    expect(JSON.stringify(lines)).not.toContain(SECRET_RESPONSE);
  });

  it('names an event that an intermediary refuses, and what becomes of it', () => {
    const responder = { server: undefined, contentType: undefined };
    const outcome = { ...refused(413), scope: 'message' as const, responder };
    const lines = linesOf({ kind: 'message-refused', routingKey: 'k', id: 'an id', outcome });
    expect(lines).toMatchObject([{ level: 'warn', fields: { key: 'k', id: 'an id', status: 413 } }]);
    expect(lines[0]?.message).toContain('answered by something else, not PagerDuty');
    expect(JSON.stringify(lines)).not.toContain(SECRET_RESPONSE);
  });

  it('names the key if one key is affected, and the destination if all are', () => {
    const [ofKey] = linesOf({
      kind: 'connectivity-broken',
      scope: 'key',
      name: 'k',
      fault: 'not-found',
      outcome: refused(404),
    });
    expect(ofKey?.fields).toMatchObject({
      key: 'k',
      advice: expect.stringContaining('integration still exists') as string,
    });
    expect(linesOf({ kind: 'connectivity-restored', scope: 'destination', name: 'PagerDuty' })).toEqual([
      { level: 'info', message: 'delivery to the destination works again', fields: { destination: 'PagerDuty' } },
    ]);
  });
});
