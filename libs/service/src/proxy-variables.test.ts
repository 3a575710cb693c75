import { readConfiguration } from './configuration';
import { problemsIn } from './configuration.fixture';
import { proxyVariables } from './proxy-variables';

const variables = proxyVariables({
  mustBe: 'a proxy',
  parse: (text) => (text.startsWith('socks') ? undefined : text),
});

const problemsOf = (environment: Record<string, string>) => problemsIn(variables, environment);

describe('a proxy in the environment', () => {
  it('is validated at start if it is the one used: lower case takes precedence', () => {
    const problem = 'https_proxy is set to a secret that is not shown: must be a proxy';
    expect(problemsOf({ HTTPS_PROXY: 'p:1', https_proxy: 'socks5://p:1' })).toEqual([problem]);
    expect(problemsOf({ HTTPS_PROXY: 'socks5://p:1', https_proxy: 'p:1' })).toEqual([]);
  });

  it('takes precedence over the proxy for all schemes', () => {
    const environment = { HTTPS_PROXY: 'p:1', all_proxy: 'q:2' };
    expect(readConfiguration(variables, environment)).toEqual({ httpsProxy: 'p:1', httpProxy: 'q:2' });
  });

  it('is rejected if given as a file, because requests would bypass it', () => {
    expect(problemsOf({ HTTPS_PROXY_FILE: '/run/secrets/proxy' })).toEqual([
      'HTTPS_PROXY_FILE is set, but HTTPS_PROXY cannot be read from a file: set HTTPS_PROXY itself',
    ]);
  });
});
