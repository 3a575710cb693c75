import { proxyFor, proxyOf } from './proxies';

const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
});

describe('a proxy', () => {
  it.each([
    ['http://proxy:3128', 'http://proxy:3128/'],
    ['https://proxy/', 'https://proxy/'],
    [' http://proxy:3128\n', 'http://proxy:3128/'],
    ['proxy:3128', 'http://proxy:3128/'],
    ['10.0.0.1:3128', 'http://10.0.0.1:3128/'],
    ['svc:secret@proxy:3128', 'http://svc:secret@proxy:3128/'],
    ['http://svc:50%off@proxy:3128', 'http://svc:50%25off@proxy:3128/'],
    ['http://svc:a%20b%@proxy:3128', 'http://svc:a%20b%25@proxy:3128/'],
    ['http://svc:%ff%fe@proxy:3128', 'http://svc:%25ff%25fe@proxy:3128/'],
    ['http://svc:p%40ss@proxy:3128', 'http://svc:p%40ss@proxy:3128/'],
  ])('that is written %j is %s', (text, url) => {
    expect(proxyOf(text)).toBe(url);
  });

  it.each([
    'http://',
    'http://pa/ss@proxy:1',
    'socks5://proxy:1080',
    'http://a b:1',
    'http://proxy/path',
    'http://proxy:99999',
    '',
  ])('cannot be %j', (text) => {
    expect(proxyOf(text)).toBeUndefined();
  });
});

describe('the choice of a proxy', () => {
  const choose = (url: string, environment: Record<string, string>) => {
    for (const name of ['http', 'https', 'all', 'no'])
      for (const variable of [`${name}_proxy`, `${name}_PROXY`.toUpperCase()])
        Reflect.deleteProperty(process.env, variable);
    Object.assign(process.env, environment);
    return proxyFor(new URL(url));
  };

  it('depends on the scheme of the URL, then on ALL_PROXY', () => {
    expect(choose('https://a.example', { HTTPS_PROXY: 'p:1', HTTP_PROXY: 'q:2' })).toBe('http://p:1/');
    expect(choose('http://a.example', { HTTPS_PROXY: 'p:1', HTTP_PROXY: 'q:2' })).toBe('http://q:2/');
    expect(choose('http://a.example', { HTTPS_PROXY: 'p:1', ALL_PROXY: 'https://r' })).toBe('https://r/');
    expect(choose('http://a.example', {})).toBe('');
  });

  it.each([
    ['http://10.1.2.3/', '10.0.0.0/8', ''],
    ['http://11.1.2.3/', '10.0.0.0/8', 'http://p:1/'],
    ['http://127.0.0.1:8080/', 'a.example, 127.0.0.0/8', ''],
    ['http://[fd00::5]/', 'fd00::/8', ''],
    ['http://10.1.2.3/', '10.0.0.0/99', 'http://p:1/'],
    ['http://a.example/', 'a.example', ''],
  ])('for %s with NO_PROXY=%s is "%s"', (url, NO_PROXY, proxy) => {
    expect(choose(url, { HTTP_PROXY: 'p:1', NO_PROXY })).toBe(proxy);
  });
});
