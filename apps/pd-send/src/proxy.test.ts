import { proxyFor } from './proxy';

const TARGET = new URL('https://events.pagerduty.com/v2/enqueue');

describe('the proxy', () => {
  it('is chosen by the scheme of the URL, lower case first', () => {
    expect(proxyFor(TARGET, { HTTP_PROXY: 'http://a' })).toBeUndefined();
    expect(proxyFor(TARGET, { HTTPS_PROXY: 'http://a', https_proxy: '' })?.url).toBe('http://a');
    expect(proxyFor(TARGET, { HTTPS_PROXY: 'http://a', https_proxy: 'b:3128' })?.url).toBe('http://b:3128');
    expect(proxyFor(new URL('http://gateway:8080/'), { http_proxy: 'http://a' })?.url).toBe('http://a');
  });

  it.each([
    ['*', true],
    ['events.pagerduty.com', true],
    ['EVENTS.pagerduty.com:443', true],
    ['events.pagerduty.com:8443', false],
    ['localhost, .pagerduty.com', true],
    ['*.pagerduty.com', true],
    ['pagerduty.com', true],
    ['duty.com', false],
    ['', false],
  ])('is bypassed for NO_PROXY=%j: %j', (NO_PROXY, isExempt) => {
    expect(proxyFor(TARGET, { HTTPS_PROXY: 'http://a', NO_PROXY }) === undefined).toBe(isExempt);
  });

  it.each(['::1', '[::1]', '[::1]:8443'])('is bypassed for an IPv6 address in NO_PROXY=%j', (NO_PROXY) => {
    expect(proxyFor(new URL('https://[::1]:8443/'), { HTTPS_PROXY: 'http://a', NO_PROXY })).toBeUndefined();
  });
});
