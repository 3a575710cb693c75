import { generate } from 'selfsigned';
import { textOfProblem } from './problem';
import { readDestinations, readSendingDestinations } from './read';
import { type ValueSources } from './resolver';

const STANDARD = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const environment = new Map([
  ['TOKEN', 'the-token'],
  ['STANDARD', STANDARD],
]);
const files = new Map([['/run/secrets/hook', 's3cret\n']]);
const sources: ValueSources = {
  environment: (name) => environment.get(name),
  file: (name) => {
    const text = files.get(name);
    return text === undefined ? { kind: 'problem', problem: 'ENOENT' } : { kind: 'text', text };
  },
};

function problemsOf(text: string): string[] {
  const found = readSendingDestinations(text, sources);
  return found.kind === 'problems' ? found.problems.map(textOfProblem) : [];
}

const FULL = `
destinations:
  - name: ticketing
    url: https://user:pass%21@tickets.internal/hook?x=1
    format: v3
    secrets: [{ file: /run/secrets/hook }, old]
    standardSecrets: [{ env: STANDARD }]
    headers:
      X-Api-Key: { env: TOKEN }
    timeoutSeconds: 12
    filters:
      services: [P1]
      events: [incident.triggered]
      priorities: [P1, none]
    allowMetadataAddresses: true
  - name: chat
    url: { env: CHAT_URL }
`;

describe('a destinations file', () => {
  it('gives the sender everything that a destination needs', () => {
    environment.set('CHAT_URL', 'http://chat.internal:8080/x');
    expect(readSendingDestinations(FULL, sources)).toEqual({
      kind: 'destinations',
      destinations: [
        {
          name: 'ticketing',
          url: 'https://tickets.internal/hook?x=1',
          endpointUrl: 'https://tickets.internal/hook',
          authorization: `Basic ${Buffer.from('user:pass!').toString('base64')}`,
          format: 'v3',
          filter: { services: ['P1'], events: ['incident.triggered'], priorities: ['P1', 'none'] },
          secrets: ['s3cret', 'old'],
          standardKeys: [Buffer.alloc(32, 7)],
          headers: { 'X-Api-Key': 'the-token' },
          timeoutMs: 12_000,
          tls: {},
          allowsMetadataAddresses: true,
        },
        {
          name: 'chat',
          url: 'http://chat.internal:8080/x',
          endpointUrl: 'http://chat.internal:8080/x',
          authorization: null,
          format: 'v2',
          filter: {},
          secrets: [],
          standardKeys: [],
          headers: {},
          timeoutMs: undefined,
          tls: {},
          allowsMetadataAddresses: false,
        },
      ],
    });
  });

  it('may be JSON, with tabs', () => {
    const json = JSON.stringify({ destinations: [{ name: 'a', url: 'http://a.example' }] }, null, '\t');
    expect(readDestinations(json, sources)).toMatchObject({ kind: 'destinations', destinations: [{ name: 'a' }] });
  });

  it('does not require secrets, headers and certificates for the poller', () => {
    const text = `destinations: [{ name: a, url: 'http://a.example', secrets: [{ env: MISSING }], headers: { X: { file: /missing } } }]`;
    expect(readDestinations(text, sources).kind).toBe('destinations');
    expect(readSendingDestinations(text, sources).kind).toBe('problems');
  });

  it('reports every schema error at once, each with its line and what is expected', () => {
    const text = [
      'destinations:', // 1
      '  - name: "no blanks"',
      '    url: 5',
      '    format: v4',
      '    colour: red', // 5
      '    secrets: []',
      '    headers:',
      '      Host: x',
      '      "a b": x',
      '    timeoutSeconds: 0', // 10
      '    filters:',
      '      events: [trigger]',
      '      urgencies: [urgent]',
      '  - url: http://b.example',
    ].join('\n');
    expect(problemsOf(text)).toEqual([
      expect.stringMatching(/^line 2, destinations\[0\]\.name: must be a name of letters/),
      'line 3, destinations[0].url: must be a string, {env: NAME} or {file: path}',
      'line 4, destinations[0].format: must be v2 or v3',
      'line 5, destinations[0].colour: is not a known setting',
      'line 6, destinations[0].secrets: must be a list of one or two secrets',
      'line 8, destinations[0].headers.Host: is a header that the sender sets itself',
      'line 9, destinations[0].headers.a b: must be a header name',
      'line 10, destinations[0].timeoutSeconds: must be at least 1 second',
      'line 12, destinations[0].filters.events[0]: must be an event name, such as incident.triggered',
      'line 13, destinations[0].filters.urgencies[0]: must be high or low',
      expect.stringMatching(/^line 14, destinations\[1\]\.name: must be a name of letters/),
    ]);
  });

  it.each(['Expect', 'TE', 'Trailer', 'Transfer-Encoding', 'Upgrade', 'HTTP2-Settings', 'Keep-Alive'])(
    'rejects the header %s, which frames or routes one request',
    (name) => {
      const text = `destinations: [{ name: a, url: 'http://a.example', headers: { ${name}: x } }]`;
      expect(problemsOf(text)).toEqual([
        `line 1, destinations[0].headers.${name}: is a header that the sender sets itself`,
      ]);
    },
  );

  it('reports every value that cannot be resolved at once, and shows none', () => {
    const text = [
      'destinations:', // 1
      '  - name: a',
      '    url: ftp://user:hunter2@a.example',
      '    secrets: [{ env: MISSING }]',
      '    headers:', // 5
      '      X-Key: { file: /missing }',
      '    standardSecrets: [hunter2]',
      '  - name: a',
      '    url: http://user:hunter2@b.example',
      '    headers: { Authorization: hunter2 }', // 10
      '    tls: { ca: /run/secrets/hook, key: /run/secrets/hook }',
    ].join('\n');
    const problems = problemsOf(text);
    expect(problems).toEqual([
      'line 3, destinations[0].url: must be a URL that begins with http:// or https://',
      'line 4, destinations[0].secrets[0]: the environment variable MISSING is not set',
      'line 6, destinations[0].headers.X-Key: the file /missing cannot be read: ENOENT',
      'line 7, destinations[0].standardSecrets[0]: must be whsec_ followed by 24 to 64 bytes in base64',
      'line 8, destinations[1].name: is already the name of destinations[0]',
      'line 10, destinations[1].headers.Authorization: is given twice: the URL has a user and a password',
      'line 11, destinations[1].tls: needs a URL with https://',
      'line 11, destinations[1].tls.ca: must be a certificate in PEM; /run/secrets/hook is not',
      'line 11, destinations[1].tls: needs both certificate and key, or neither',
    ]);
    expect(problems.join()).not.toContain('hunter2');
  });

  it('reports the invalid value of one destination along with the schema error of another', () => {
    const text = [
      'destinations:', // 1
      '  - name: a',
      '    url: http://a.example',
      '    colour: red',
      '  - name: b', // 5
      '    url: { env: MISSING }',
      '  - name: b',
      '    url: ftp://b.example',
    ].join('\n');
    expect(problemsOf(text)).toEqual([
      'line 4, destinations[0].colour: is not a known setting',
      'line 6, destinations[1].url: the environment variable MISSING is not set',
      'line 7, destinations[2].name: is already the name of destinations[1]',
      'line 8, destinations[2].url: must be a URL that begins with http:// or https://',
    ]);
  });

  it.each([
    ['', /^line 1: must be a list `destinations`/],
    ['destinations: []', /^line 1, destinations: must be a list `destinations` of at least one/],
    ['destinations: {', /^line 1: is not YAML or JSON: /],
    [
      'destinations:\n  - name: a\n    name: b\n    url: http://a.example',
      /^line 3: is not YAML or JSON: Map keys must be unique/,
    ],
  ])('is rejected if it is %j', (text, problem) => {
    expect(problemsOf(text)).toEqual([expect.stringMatching(problem)]);
  });

  it('is rejected if aliases expand exponentially', () => {
    const levels = Array.from(
      { length: 12 },
      (_, level) => `l${level + 1}: &l${level + 1} [${Array(9).fill(`*l${level}`).join(', ')}]`,
    );
    expect(problemsOf(['l0: &l0 x', ...levels].join('\n'))[0]).toContain('is not YAML or JSON');
  });

  it('accepts certificates and keys that match', async () => {
    for (const name of ['one', 'two']) {
      const pair = await generate([{ name: 'commonName', value: name }], { keyType: 'ec' });
      files.set(`${name}.key`, pair.private).set(`${name}.pem`, pair.cert);
    }
    const text = (key: string) =>
      `destinations: [{ name: a, url: 'https://a.example', tls: { ca: two.pem, certificate: one.pem, key: ${key} } }]`;
    expect(readSendingDestinations(text('one.key'), sources)).toMatchObject({
      destinations: [
        { tls: { ca: files.get('two.pem'), certificate: files.get('one.pem'), key: files.get('one.key') } },
      ],
    });
    expect(problemsOf(text('two.key'))).toEqual([
      'line 1, destinations[0].tls.key: does not belong to the certificate',
    ]);
  });
});
