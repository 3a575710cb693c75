import { readConfiguration } from '@pdaltagent/service';
import { variables } from './configuration';
import { ForwardHeaders } from './forward-headers';

const forward = (headers: Record<string, string>, added = '') => ForwardHeaders.parse(added).of(headers);

describe('headers of a vendor', () => {
  it('that PagerDuty reads are passed on', () => {
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
  ])('that could be a credential or nobody knows stay here: %s', (name) => {
    expect(forward(Object.fromEntries([[name, 'secret']]))).toBeUndefined();
  });

  it('that are added by name are passed on', () => {
    const headers = { 'x-vendor-event': 'fire', 'x-gitlab-token': 'asked for', 'x-other': 'no' };
    expect(forward(headers, 'X-Vendor-Event, x-gitlab-token')).toEqual({
      'x-vendor-event': 'fire',
      'x-gitlab-token': 'asked for',
    });
  });

  it('that Connection names end here', () => {
    expect(forward({ connection: 'keep-alive, X-Event-Key', 'x-event-key': 'a', 'x-hook-uuid': 'b' })).toEqual({
      'x-hook-uuid': 'b',
    });
  });
});

describe('PDAGENTD_FORWARD_HEADERS', () => {
  const parsed = (text: string) =>
    ForwardHeaders.parse(readConfiguration(variables, { PDAGENTD_FORWARD_HEADERS: text }).forwardHeaders ?? '');

  it.each([
    ['host', '"host" frames or routes a message'],
    ['x-ok, Content-Length', '"content-length" frames or routes a message'],
    ['transfer-encoding', '"transfer-encoding" frames or routes a message'],
    ['Proxy-Authorization', '"proxy-authorization" frames or routes a message'],
    ['authorization', '"authorization" is a credential'],
    ['cookie', '"cookie" is a credential'],
    ['x-a:b', '"x-a:b" is no name of a header'],
    ['!', '"!" is no name of a header'],
    ['__proto__', '"__proto__" is no name of a header'],
    ['é', '"é" is no name of a header'],
  ])('refuses %s at start and says why and what is wanted', (text, problem) => {
    expect(() => parsed(text)).toThrow(`PDAGENTD_FORWARD_HEADERS: ${problem}`);
    expect(() => parsed(text)).toThrow('wants names of headers, separated by commas, as x-vendor-event');
  });

  it.each(['', ' , ', 'x-a', 'x-a,x-b', 'X-A x-b'])('takes %j', (text) => {
    expect(() => parsed(text)).not.toThrow();
  });
});
