import { createScrubber } from './scrubber';
import { ScrubberOptionsError } from './options';

const scrubber = createScrubber();
const keyed = createScrubber({ secret: 'a secret of the test' });

function scrubbed(
  body: string,
  type: 'v2' | 'v1' | 'change' | 'x-ere' | 'integration' | 'nagios' = 'v2',
  by = scrubber,
  contentType = 'application/json',
): string {
  return by.scrubBody(type, contentType, Buffer.from(body)).bytes.toString();
}

describe('an event', () => {
  it('keeps the members that control it and everything but strings', () => {
    const event =
      '{"routing_key":"4111111111111111", "event_action" : "trigger","payload":{"severity":"critical","timestamp":"2024-01-01",\n' +
      '"custom_details":{"n":4111111111111111,"e":1.0e3,"jane@example.com":null,"b":true}}, "x":1,"x":2}';
    expect(scrubbed(event)).toBe(event);
    expect(scrubbed('{"service_key":"jane@example.com","event_type":"jane@example.com"}', 'v1')).toContain(
      'jane@example.com',
    );
  });

  it('is returned as the same bytes if nothing is found', () => {
    const bytes = Buffer.from('{"payload":{"summary":"disk full on db-07.stage.example.net"}}');
    expect(scrubber.scrubBody('v2', 'application/json', bytes).bytes).toBe(bytes);
  });

  it('is scrubbed in its prose, with counts by kind', () => {
    const body = Buffer.from('{"payload":{"summary":"call +1 415 555 0132 or jane@example.com, joe@example.com"}}');
    const { bytes, found } = scrubber.scrubBody('v2', 'application/json', body);
    expect(bytes.toString()).toBe('{"payload":{"summary":"call {{PHONE}} or {{EMAIL_ADDRESS}}, {{EMAIL_ADDRESS}}"}}');
    expect(found).toEqual({ PHONE: 1, EMAIL_ADDRESS: 2 });
  });

  it('changes only where something is found, however it is formatted', () => {
    expect(scrubbed('{ "details" : {"a":"x\\n\\u006aane@example.com\\t\\ud83d\\ude00" ,"b":1.50}}', 'v1')).toBe(
      '{ "details" : {"a":"x\\n{{EMAIL_ADDRESS}}\\t\\ud83d\\ude00" ,"b":1.50}}',
    );
  });

  it('uses the object key of a string', () => {
    expect(scrubbed('{"payload":{"custom_details":{"password":"swordfish","phone":{"number":"0161 496 0123"}}}}')).toBe(
      '{"payload":{"custom_details":{"password":"{{SECRET}}","phone":{"number":"{{PHONE}}"}}}}',
    );
  });

  it('replaces only certain values in technical fields', () => {
    const event =
      '{"payload":{"source":"415-555-0132","component":"12 Main Street","group":"jane@example.com"},"client":"+1 415 555 0132"}';
    expect(scrubbed(event)).toBe(event.replace('jane@example.com', '{{EMAIL_ADDRESS}}'));
  });

  it('keeps scheme, host and path of links', () => {
    const event =
      '{"client_url":"https://4155550132.example.com/415-555-0132/x?mail=jane%40example.com&page=2#who=joe@example.com",' +
      '"links":[{"href":"https://ann:s3cret@example.com/u/jane@example.com","text":"of jane@example.com"}]}';
    expect(scrubbed(event)).toBe(
      '{"client_url":"https://4155550132.example.com/415-555-0132/x?mail=%7B%7BEMAIL_ADDRESS%7D%7D&page=2#who=%7B%7BEMAIL_ADDRESS%7D%7D",' +
        '"links":[{"href":"https://ann:%7B%7BSECRET%7D%7D@example.com/u/%7B%7BEMAIL_ADDRESS%7D%7D","text":"of {{EMAIL_ADDRESS}}"}]}',
    );
  });
});

describe('a dedup key', () => {
  const event = (key: string, name = 'dedup_key'): string => JSON.stringify({ [name]: key });

  it('does not change without a secret', () => {
    expect(scrubbed(event('login:jane@example.com'))).toBe(event('login:jane@example.com'));
  });

  it('gets the same pseudonym in every process, every event and both APIs', () => {
    const other = createScrubber({ secret: 'a secret of the test' });
    const body = scrubbed(event('login:jane@example.com'), 'v2', keyed);
    expect(body).toMatch(/^\{"dedup_key":"login:\{\{EMAIL_ADDRESS:[\da-f]{16}\}\}"\}$/);
    expect(scrubbed(event('login:jane@example.com'), 'v2', other)).toBe(body);
    expect(scrubbed(event('login:jane@example.com', 'incident_key'), 'v1', other)).toBe(
      body.replace('dedup_key', 'incident_key'),
    );
    expect(scrubbed(body, 'v2', keyed)).toBe(body);
    expect(scrubbed(event('login:jane@example.com'), 'v2', createScrubber({ secret: 'another' }))).not.toBe(body);
  });

  it('gets the same pseudonym if the secret ends with a line break', () => {
    const fromFile = createScrubber({ secret: 'a secret of the test\n' });
    const body = scrubbed(event('login:jane@example.com'), 'v2', keyed);
    expect(scrubbed(event('login:jane@example.com'), 'v2', fromFile)).toBe(body);
    expect(scrubbed(event('login:jane@example.com'), 'v2', createScrubber({ secret: ' \r\n' }))).toBe(
      event('login:jane@example.com'),
    );
  });

  it('is at most 255 characters long', () => {
    const long = scrubbed(event(`${'x'.repeat(230)} jane@example.com`), 'v2', keyed);
    expect(long).toMatch(/^\{"dedup_key":"sha256:[\da-f]{64}"\}$/);
    expect(scrubbed(long, 'v2', keyed)).toBe(long);
  });

  it('stays different from every other key', () => {
    const all = createScrubber({ secret: 'a secret of the test', detectors: ['all'] });
    const keys = Array.from({ length: 1000 }, (_, n) => [
      `login:user${n}@example.com`,
      `10.0.${n >> 8}.${n & 255}:8080`,
      `call +1 415 555 ${String(1000 + n)}`,
      `PROBLEM-${12345 + n}`,
      `web-${n}.prod.example.com/disk`,
    ]).flat();
    expect(new Set(keys.map((key) => scrubbed(event(key), 'v2', all))).size).toBe(5000);
  });
});

describe("a vendor's body", () => {
  it('is scrubbed inside strings that contain JSON, which stay valid JSON', () => {
    const message = JSON.stringify({ AlarmName: 'for "jane@example.com"', n: [4111111111111111], password: 'a"b\\c' });
    const body = JSON.stringify({ Type: 'Notification', Message: message, Signature: 'EXAMPLE' });
    const result = scrubbed(body, 'integration', scrubber, 'text/plain; charset=UTF-8');
    expect(JSON.parse((JSON.parse(result) as { Message: string }).Message)).toEqual({
      AlarmName: 'for "{{EMAIL_ADDRESS}}"',
      n: [4111111111111111],
      password: '{{SECRET}}',
    });
    expect(result.replaceAll('{{EMAIL_ADDRESS}}', 'jane@example.com').length).toBeLessThan(body.length + 20);
  });

  it('keeps the token that confirms a subscription', () => {
    const body =
      '{"Type" : "SubscriptionConfirmation","Token":"2336412f37fb687f5d51e6e2425e8ca2","SubscribeURL":"https://sns/?Token=2336412f37fb687f5d51"}';
    expect(scrubbed(body, 'x-ere', scrubber, 'text/plain')).toBe(body);
  });

  it('is scrubbed value by value if it is a form', () => {
    const form =
      'user=jane%40example.com&note=call+%2B1+415+555+0132&payload=%7B%22password%22%3A%22x1%22%7D&n=1&password=s3cret';
    expect(scrubbed(form, 'integration', scrubber, 'application/x-www-form-urlencoded')).toBe(
      'user=%7B%7BEMAIL_ADDRESS%7D%7D&note=call+%7B%7BPHONE%7D%7D&payload=%7B%22password%22%3A%22%7B%7BSECRET%7D%7D%22%7D&n=1&password=%7B%7BSECRET%7D%7D',
    );
  });

  it('keeps the keys in a form, or replaces personal data in them by pseudonyms if there is a secret', () => {
    const type = 'application/x-www-form-urlencoded';
    const form = 'routing_key=4111111111111111&dedup_key=disk+of+jane%40example.com&note=jane%40example.com';
    const note = 'note=%7B%7BEMAIL_ADDRESS%7D%7D';
    expect(scrubbed(form, 'integration', scrubber, type)).toBe(
      `routing_key=4111111111111111&dedup_key=disk+of+jane%40example.com&${note}`,
    );
    const pseudonymous = scrubbed(form, 'integration', keyed, type);
    expect(pseudonymous).toMatch(/^routing_key=4111111111111111&dedup_key=disk\+of\+[^&]+&note=/);
    expect(pseudonymous).not.toContain('jane');
    expect(pseudonymous.split('&')[1]).not.toContain('EMAIL_ADDRESS%7D');
  });

  it('of Nagios’s plug-in keeps key, states and the names that identify the alert', () => {
    const type = 'application/x-www-form-urlencoded';
    const kept =
      'CONTACTPAGER=4111111111111111&NOTIFICATIONTYPE=PROBLEM&HOSTNAME=jane%40example.com&SERVICEDESC=SMS+%2B14155550132';
    expect(scrubbed(`${kept}&SERVICEOUTPUT=mail+jane%40example.com`, 'nagios', scrubber, type)).toBe(
      `${kept}&SERVICEOUTPUT=mail+%7B%7BEMAIL_ADDRESS%7D%7D`,
    );
    const other = (form: string) => scrubbed(form, 'nagios', keyed, type);
    expect(other(kept)).not.toMatch(/jane|555/);
    expect(other('HOSTNAME=jane%40example.com')).not.toBe(other('HOSTNAME=joe%40example.com'));
  });

  it('is scrubbed as text otherwise, byte for byte', () => {
    expect(scrubbed('<a b="jane@example.com">\r\n</a>', 'integration', scrubber, 'application/xml')).toBe(
      '<a b="{{EMAIL_ADDRESS}}">\r\n</a>',
    );
    const latin1 = Buffer.from('caf\xe9 jane@example.com \xff', 'latin1');
    expect(scrubber.scrubBody('integration', 'text/plain', latin1).bytes.toString('latin1')).toBe(
      'caf\xe9 {{EMAIL_ADDRESS}} \xff',
    );
  });

  it('with several parts keeps its boundaries and every part in which nothing is found', () => {
    const part = (name: string, value: string): string =>
      `--b0undary-4111\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    const body = (from: string, text: string): string =>
      `${part('from', from)}${part('text', text)}${part('spam_score', '0.02')}--b0undary-4111--\r\n`;
    const type = 'multipart/form-data; boundary=b0undary-4111';
    expect(scrubbed(body('Jane <jane@example.com>', 'call +1 415 555 0132'), 'integration', scrubber, type)).toBe(
      body('Jane <{{EMAIL_ADDRESS}}>', 'call {{PHONE}}'),
    );
  });

  it('may begin with a byte order mark', () => {
    expect(scrubbed('\ufeff{"a":"jane@example.com","b":1.0}', 'integration')).toBe(
      '\ufeff{"a":"{{EMAIL_ADDRESS}}","b":1.0}',
    );
  });
});

describe('JSON that is nested very deeply', () => {
  const nested = (levels: number): string => '["jane@example.com",'.repeat(levels) + '1' + ']'.repeat(levels);

  it('is scrubbed on every level', () => {
    expect(scrubbed(nested(300), 'integration')).toBe(nested(300).replaceAll('jane@example.com', '{{EMAIL_ADDRESS}}'));
  });

  it('takes time in proportion to its length', () => {
    // In proportion to the square, it would take minutes, and memory for a path of all levels for each value.
    const body = '["a",'.repeat(90_000) + '1' + ']'.repeat(90_000);
    expect(scrubbed(body, 'integration')).toBe(body);
    expect(scrubbed(nested(20_000), 'integration')).not.toContain('jane');
  });

  it('is masked and kept by the path of its outer levels', () => {
    const by = createScrubber({ mask: ['a.1'] });
    const body = `{"a":["x",${'['.repeat(200)}"y",2${']'.repeat(200)}]}`;
    expect(scrubbed(body, 'integration', by)).toBe(body.replace('"y",2', '"{{MASKED}}","{{MASKED}}"'));
  });
});

describe('the character limit', () => {
  it('is used for the summary first, and nothing beyond it is passed on', () => {
    const small = createScrubber({ maxCharacters: 30 });
    const body = Buffer.from(
      '{"payload":{"custom_details":{"a":"' + 'x'.repeat(40) + '"},"summary":"by jane@example.com"}}',
    );
    const { bytes, found } = small.scrubBody('v2', 'application/json', body);
    expect(bytes.toString()).toBe(
      '{"payload":{"custom_details":{"a":"{{UNSCANNED}}"},"summary":"by {{EMAIL_ADDRESS}}"}}',
    );
    expect(found).toEqual({ UNSCANNED: 1, EMAIL_ADDRESS: 1 });
  });

  it('applies to texts too', () => {
    expect(createScrubber({ maxCharacters: 20 }).scrubText('jane@example.com and joe@example.com').text).toBe(
      '{{EMAIL_ADDRESS}} and{{UNSCANNED}}',
    );
  });
});

describe('options', () => {
  it('select detectors by name', () => {
    expect(createScrubber({ detectors: ['ip'] }).scrubText('10.0.0.1 jane@example.com').text).toBe(
      '{{IP_ADDRESS}} jane@example.com',
    );
    expect(createScrubber({ except: ['email'] }).scrubText('jane@example.com').text).toBe('jane@example.com');
    expect(createScrubber({ detectors: ['seed'] }).scrubText('$5 at 10.0.0.1, password=x1').text).toBe(
      '{{PRICE}} at {{IP_ADDRESS}}, password=x1',
    );
  });

  it('write the same token for the same value', () => {
    const by = createScrubber({ secret: 'k', tokens: true });
    const { text } = by.scrubText('jane@example.com, JANE@example.com, joe@example.com');
    const [first, second, third] = text.split(', ');
    expect(first).toMatch(/^\{\{EMAIL_ADDRESS:[\da-f]{6}\}\}$/);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it('mask and keep by path', () => {
    const by = createScrubber({
      mask: ['payload.custom_details.customer.*', 'payload.custom_details.n'],
      keep: ['payload.custom_details.owner'],
    });
    expect(
      scrubbed(
        '{"payload":{"custom_details":{"customer":{"a":"x","b":["y"],"c":7},"owner":"jane@example.com","n":12}}}',
        'v2',
        by,
      ),
    ).toBe(
      '{"payload":{"custom_details":{"customer":{"a":"{{MASKED}}","b":["{{MASKED}}"],"c":"{{MASKED}}"},"owner":"jane@example.com","n":"{{MASKED}}"}}}',
    );
  });

  it('mask and keep the fields of a form by name', () => {
    const by = createScrubber({ mask: ['HOSTNOTES'], keep: ['owner'] });
    const type = 'application/x-www-form-urlencoded';
    expect(scrubbed('HOSTNOTES=rack+7&owner=jane%40example.com&HOSTNOTES=', 'integration', by, type)).toBe(
      'HOSTNOTES=%7B%7BMASKED%7D%7D&owner=jane%40example.com&HOSTNOTES=',
    );
  });

  it('mask numbers in JSON inside a string, which stays valid JSON', () => {
    const by = createScrubber({ mask: ['m.n'] });
    const result = scrubbed(JSON.stringify({ m: JSON.stringify({ n: 5, o: 6 }) }), 'integration', by);
    expect(JSON.parse((JSON.parse(result) as { m: string }).m)).toEqual({ n: '{{MASKED}}', o: 6 });
  });

  it.each([
    [{ detectors: ['emial'] }, 'detectors: unknown detector "emial"'],
    [{ except: ['x'] }, 'except: unknown detector "x"'],
    [{ tokens: true }, 'tokens: tokens require a secret'],
    [{ mask: ['a..b'] }, 'mask: "a..b" is not a path such as payload.custom_details.customer.*'],
    [{ mask: ['routing_key'] }, 'mask: routing_key is never changed: PagerDuty needs it as it is'],
    [{ maxCharacters: -1 }, 'maxCharacters: -1 is not a number of characters'],
  ])('%j are rejected with the name of the option', (options, message) => {
    expect(() => createScrubber(options)).toThrow(
      new ScrubberOptionsError('detectors', '').constructor as typeof ScrubberOptionsError,
    );
    expect(() => createScrubber(options)).toThrow(message);
  });
});

describe('an explanation', () => {
  it('names position, kind and detector', () => {
    expect(scrubber.explain('to jane@example.com')).toEqual([
      { start: 3, end: 19, kind: 'EMAIL_ADDRESS', detector: 'email' },
    ]);
  });
});
