import { maskSecrets, secretMasker, secretsInSetting } from './mask';

describe('the text of a log line or an error', () => {
  it.each([
    ['https://hunter2token@host/x', 'https://…@host/x'],
    ['https://hunter2token:@host/x', 'https://…@host/x'],
    ['amqp://me:hunter2@host', 'amqp://me:…@host'],
    ['amqp://me:hun@ter2@host, amqp://you:p@b', 'amqp://me:…@host, amqp://you:…@b'],
    ['{"url":"redis://:hunter2@host"}', '{"url":"redis://:…@host"}'],
    ['0123456789abcdef0123456789abd1a6', '…d1a6'],
  ])('shows no credentials of %s', (text, masked) => expect(maskSecrets(text)).toBe(masked));

  it.each(['https://host/me@example.com', 'https://host?a=b@c', 'mailto:me@example.com', 'a://b c@d'])(
    'keeps %s',
    (text) => expect(maskSecrets(text)).toBe(text),
  );

  it('is masked in linear time', () => {
    const began = process.cpuUsage();
    for (const text of ['a'.repeat(200_000), 'a://'.repeat(50_000), `a://${'b:'.repeat(100_000)}`]) maskSecrets(text);
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(2_000);
  });
});

describe('the secrets of a setting', () => {
  const masked = (setting: string, text: string) => secretMasker(secretsInSetting(setting))(text);

  it.each([
    ['first-token, second-token', 'bad second-token'],
    ['zabbix=first-token,grafana=second-token', 'bad second-token'],
    ['one-secret,two-secret', JSON.stringify({ detail: 'two-secret' })],
    ['https://hooks.example/T00/B00/xyzzy?k=plugh-plugh', 'POST /T00/B00/xyzzy?k=plugh-plugh failed'],
    ['https://a.example/,https://hooks.example/T00/B00/xyzzy', 'POST /T00/B00/xyzzy failed'],
    ['https://hooks.example/?sig=plugh-plugh', 'sig plugh-plugh is wrong'],
    ['https://me:p%23plugh@hooks.example/', 'password p#plugh'],
  ])('of %s are masked one by one in %s', (setting, text) => {
    expect(masked(setting, text)).not.toMatch(/(first|second)-token|-secret|xyzzy\?|T00|plugh-plugh|#plugh/);
    expect(masked(setting, text)).toContain('…');
  });

  it('are masked in JSON and URLs inside a string too', () => {
    const secret = 'quo"te back\\slash\nü#&/';
    const text = masked(secret, `${JSON.stringify({ secret })} https://host/?${encodeURIComponent(secret)}`);
    expect(text).toBe('{"secret":"…ü#&/"} https://host/?%E2%80%A6%C3%BC%23%26%2F');
  });
});
