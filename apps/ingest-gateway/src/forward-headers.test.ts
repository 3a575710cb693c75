import { readConfiguration } from '@pdaltagent/service';
import { variables } from './configuration';
import { ForwardHeaders } from './forward-headers';
import { HEADERS_ADDED_ON_THE_WAY } from './headers-added-on-the-way.fixture';

const forward = (headers: Record<string, string>, added = '') => ForwardHeaders.parse(added).of(headers);

describe('headers of a vendor', () => {
  it('that PagerDuty reads are forwarded', () => {
    const headers = {
      'x-amz-sns-message-type': 'Notification',
      'x-hub-signature-256': 'sha256=d57c68',
      'ce-type': 'alert',
      'user-agent': 'GitHub-Hookshot/044aadd',
    };
    expect(forward(headers)).toEqual(headers);
  });

  it.each([
    'x-auth-request-access-token',
    'cf-access-jwt-assertion',
    'x-vault-token',
    'x-gitlab-token',
    'apikey',
    'remote-user',
    'x-ssl-client-cert',
    'x-amzn-oidc-data',
    'x-amzn-oidc-accesstoken',
    'x-original-url',
    'x-forwarded-client-cert',
    'authorization',
    'cookie',
    'proxy-authorization',
    'x-api-key',
    'x-routing-key',
    'x-pdaltagent-token',
    'x-honeycomb-webhook-token',
    'x-buildkite-token',
    'x-goog-iap-jwt-assertion',
    'x-ms-token-aad-access-token',
    'x-remote-user',
    'host',
    'content-length',
    'via',
    'x'.repeat(300),
    '!',
    '__proto__',
  ])('that may be a credential, or are unknown, are not forwarded: %s', (name) => {
    expect(forward(Object.fromEntries([[name, 'secret']]))).toBeUndefined();
  });

  it.each(HEADERS_ADDED_ON_THE_WAY)('that are added on the way are not forwarded: $by', ({ names }) => {
    expect(forward(Object.fromEntries(names.map((name) => [name, 'secret'])))).toBeUndefined();
  });

  it('that are added by name are forwarded', () => {
    const headers = { 'x-vendor-event': 'fire', 'x-gitlab-token': 'asked for', 'x-other': 'no' };
    expect(forward(headers, 'X-Vendor-Event, x-gitlab-token')).toEqual({
      'x-vendor-event': 'fire',
      'x-gitlab-token': 'asked for',
    });
  });

  it('that Connection lists are not forwarded', () => {
    expect(forward({ connection: 'keep-alive, X-Event-Key', 'x-event-key': 'a', 'x-hook-uuid': 'b' })).toEqual({
      'x-hook-uuid': 'b',
    });
  });
});

describe('PDAGENTD_FORWARD_HEADERS', () => {
  const parsed = (text: string) =>
    ForwardHeaders.parse(readConfiguration(variables, { PDAGENTD_FORWARD_HEADERS: text }).forwardHeaders ?? '');

  it.each([
    ['host', '"host" controls framing or routing'],
    ['x-ok, Content-Length', '"content-length" controls framing or routing'],
    ['transfer-encoding', '"transfer-encoding" controls framing or routing'],
    ['Proxy-Authorization', '"proxy-authorization" controls framing or routing'],
    ['authorization', '"authorization" is a credential'],
    ['cookie', '"cookie" is a credential'],
    ['x-a:b', '"x-a:b" is not a header name'],
    ['!', '"!" is not a header name'],
    ['__proto__', '"__proto__" is not a header name'],
    ['é', '"é" is not a header name'],
  ])('rejects %s at start and says why and what is wanted', (text, problem) => {
    expect(() => parsed(text)).toThrow(`PDAGENTD_FORWARD_HEADERS: ${problem}`);
    expect(() => parsed(text)).toThrow('must be names of headers, separated by commas, for example x-vendor-event');
  });

  it.each(['', ' , ', 'x-a', 'x-a,x-b', 'X-A x-b'])('accepts %j', (text) => {
    expect(() => parsed(text)).not.toThrow();
  });
});
