import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { rootCertificates } from 'node:tls';
import { readConfiguration, summaryOf } from './configuration';
import { problemsIn } from './configuration.fixture';
import { certificates, choice, custom, flag, integer, limit, port, secret, text, url } from './variable';

const variables = {
  httpPort: port('HTTP_PORT', 8080, 'port'),
  scrub: flag('SCRUB', false, 'scrub'),
  base: url('BASE_URL', 'https://events.pagerduty.com', 'base'),
  broker: url('AMQP_URL', undefined, 'broker', { schemes: ['amqp'], aliases: ['CELERY_BROKER_URL'] }),
  token: secret('TOKEN', 'token'),
  format: choice('FORMAT', ['v2', 'v3'], 'v2', 'format'),
  age: integer('AGE', 10, 'age', { min: 1, max: 20 }),
  days: limit('DAYS', 30, 'days', { min: 1, max: 99 }),
  name: text('NAME', undefined, 'name'),
  services: custom('SERVICES', 'services', {
    mustBe: 'a JSON array',
    parse: (value) => (value.startsWith('[') ? (JSON.parse(value) as unknown) : undefined),
  }),
};

const problemsOf = (environment: Record<string, string>) => problemsIn(variables, environment);

describe('the configuration', () => {
  it('has a default for everything that has one', () => {
    expect(readConfiguration(variables, {})).toEqual({
      httpPort: 8080,
      scrub: false,
      base: 'https://events.pagerduty.com',
      format: 'v2',
      age: 10,
      days: 30,
    });
  });

  it('takes off in place of a limit', () => {
    expect(readConfiguration(variables, { DAYS: ' OFF ' })).toMatchObject({ days: 'off' });
    expect(readConfiguration(variables, { DAYS: '7' })).toMatchObject({ days: 7 });
    for (const days of ['0', '100', '-1', '1.5', 'never', 'false'])
      expect(problemsOf({ DAYS: days })).toEqual([`DAYS is "${days}": must be a whole number from 1 to 99, or off`]);
  });

  it('names all invalid variables at once, with their values and what is wanted', () => {
    expect(problemsOf({ HTTP_PORT: 'abc', SCRUB: 'maybe', BASE_URL: 'ftp://x', FORMAT: 'v4', AGE: '21' })).toEqual([
      'HTTP_PORT is "abc": must be a whole number from 0 to 65535',
      'SCRUB is "maybe": must be true or false (also 1/0, yes/no, on/off)',
      'BASE_URL is "ftp://x": must be a URL that begins with http:// or https://',
      'FORMAT is "v4": must be one of v2, v3',
      'AGE is "21": must be a whole number from 1 to 20',
    ]);
  });

  it.each([
    ['true', true],
    ['TRUE', true],
    ['1', true],
    ['Yes', true],
    ['on', true],
    ['false', false],
    ['0', false],
    ['no', false],
    ['OFF', false],
    ['', false],
  ])('reads the flag "%s" as %s', (written, value) => {
    expect(readConfiguration(variables, { SCRUB: written }).scrub).toBe(value);
  });

  it('treats an empty value as unset', () => {
    expect(readConfiguration(variables, { HTTP_PORT: '', NAME: '' })).toMatchObject({ httpPort: 8080 });
  });

  it('accepts an alias of a variable', () => {
    expect(readConfiguration(variables, { CELERY_BROKER_URL: 'amqp://old' }).broker).toBe('amqp://old');
  });

  it('removes a trailing slash from a base URL', () => {
    expect(readConfiguration(variables, { BASE_URL: 'http://a/b/' }).base).toBe('http://a/b');
  });

  it.each([
    ['blanks around it', ' https://a.example \n', 'https://a.example'],
    ['a scheme in upper case', 'HTTPS://b.example/A', 'https://b.example/A'],
    ['a percent sign in a password', 'http://a:50%off@b.example', 'http://a:50%25off@b.example'],
    ['an escaped percent sign', 'http://a:50%25off@b.example', 'http://a:50%25off@b.example'],
  ])('accepts a URL with %s', (_what, written, value) => {
    expect(readConfiguration(variables, { BASE_URL: written }).base).toBe(value);
  });

  it.each([
    ['https://a.example/ b', 'blanks'],
    ['https://a.exa\nmple', 'blanks'],
    ['https://a.example/?b', 'a query or a fragment'],
    ['https://a.example/#b', 'a query or a fragment'],
  ])('rejects the base URL %j, to which no path can be added', (written, without) => {
    expect(problemsOf({ BASE_URL: written })).toEqual([
      expect.stringContaining(`must be a URL that begins with http:// or https://, without ${without}`),
    ]);
  });

  it('validates a file of certificates, and reports what is wrong with it', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'configuration-'));
    const file = path.join(folder, 'ca.pem');
    const read = () => readConfiguration({ ca: certificates('CA_FILE', 'authorities') }, { CA_FILE: file });
    try {
      expect(read).toThrow(/CA_FILE is ".*ca.pem": must be the path of a file of certificates \(PEM\): .*ENOENT/);
      writeFileSync(file, 'no certificate');
      expect(read).toThrow(/must be the path of a file of certificates \(PEM\): it contains none/);
      writeFileSync(file, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
      expect(read).toThrow(/must be the path of a file of certificates \(PEM\): \S/);
      writeFileSync(file, rootCertificates.slice(0, 2).join('\n'));
      expect(read()).toEqual({ ca: file });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('reads a secret from a file and never shows it', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'configuration-'));
    try {
      const file = path.join(folder, 'token');
      writeFileSync(file, 'abcdef\n');
      const configuration = readConfiguration(variables, { TOKEN_FILE: file });
      expect(configuration.token).toBe('abcdef');
      expect(summaryOf(variables, configuration)).toMatchObject({ TOKEN: 'configured' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('reports the file of a secret that cannot be read', () => {
    expect(problemsOf({ TOKEN_FILE: '/nowhere/token' })[0]).toMatch(
      /^TOKEN_FILE is "\/nowhere\/token", which cannot be read: .*ENOENT/,
    );
  });

  it('rejects a value that is given both directly and by a file', () => {
    expect(problemsOf({ TOKEN: 'x', TOKEN_FILE: 'y' })).toEqual([
      'TOKEN and TOKEN_FILE are both set: set only one of them',
    ]);
  });

  it('masks the password of an invalid URL', () => {
    expect(problemsOf({ BASE_URL: 'amqp://me:hunter2@host' })[0]).not.toContain('hunter2');
  });
});
