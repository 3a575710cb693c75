import { createScrubber } from './scrubber';

const scrubber = createScrubber();
const scrubbed = (text: string): string => scrubber.scrubText(text).text;

describe('characters that are escaped in a text', () => {
  it.each([
    ['mail jane&#64;example.com now', 'mail {{EMAIL_ADDRESS}} now'],
    ['mail jane&#x40;example&#x2e;com now', 'mail {{EMAIL_ADDRESS}} now'],
    ['mail jane&commat;example&period;com now', 'mail {{EMAIL_ADDRESS}} now'],
    ['mail &#106;&#97;&#110;&#101;&#64;&#97;&#46;&#99;&#111; now', 'mail {{EMAIL_ADDRESS}} now'],
    ['card 4111&nbsp;1111&nbsp;1111&nbsp;1111.', 'card {{CREDIT_CARD}}.'],
    ['{"mail":"jane\\u0040example.com", x}', '{"mail":"{{EMAIL_ADDRESS}}", x}'],
    ["mail 'jane\\x40example.com' now", "mail '{{EMAIL_ADDRESS}}' now"],
    ['mail jane\\u{40}example.com now', 'mail {{EMAIL_ADDRESS}} now'],
    ['mail jane%40example.com now', 'mail {{EMAIL_ADDRESS}} now'],
    ['tel &#43;44 20 7946 0018', 'tel {{PHONE}}'],
  ])('%j becomes %j', (text, expected) => {
    expect(scrubbed(text)).toBe(expected);
  });

  it.each([
    ['a &lt; b &amp;&amp; c &gt; d, R&amp;D; &unknown; &#0; &#99999999; &#xffffff;'],
    ['C:\\users\\u1234\\x86 \\u0041\\u0042 \\u{110000}'],
    ['AT&T; &copy;'],
  ])('%j is not changed', (text) => {
    expect(scrubbed(text)).toBe(text);
  });

  it('are decoded in the values of JSON and of forms too', () => {
    const json = Buffer.from(
      '{"a":"jane&#64;example.com","b":"jane\\u0040example.com","c":"jane\\\\u0040example.com"}',
    );
    expect(scrubber.scrubBody('v2', 'application/json', json).bytes.toString()).toBe(
      '{"a":"{{EMAIL_ADDRESS}}","b":"{{EMAIL_ADDRESS}}","c":"{{EMAIL_ADDRESS}}"}',
    );
    const form = Buffer.from('a=jane%26%2364%3Bexample.com&b=c');
    expect(scrubber.scrubBody('integration', 'application/x-www-form-urlencoded', form).bytes.toString()).toBe(
      'a=%7B%7BEMAIL_ADDRESS%7D%7D&b=c',
    );
  });
});

describe('a body in UTF-16', () => {
  const little = (text: string): Buffer => Buffer.from(text, 'utf16le');
  const big = (text: string): Buffer => little(text).swap16();
  const XML = '<a owner="jane@example.com">Zürich 💥</a>';
  const SCRUBBED = XML.replace('jane@example.com', '{{EMAIL_ADDRESS}}');

  it.each([
    ['with a byte order mark, little-endian', little, '\ufeff', 'text/xml'],
    ['with a byte order mark, big-endian', big, '\ufeff', 'text/xml'],
    ['without a byte order mark, little-endian', little, '', 'text/xml'],
    ['without a byte order mark, big-endian', big, '', 'text/xml'],
  ])('%s is scrubbed, and stays in its encoding', (_, encode, mark, contentType) => {
    const { bytes } = scrubber.scrubBody('integration', contentType, encode(mark + XML));
    expect(bytes).toEqual(encode(mark + SCRUBBED));
  });

  it('may be named by its Content-Type', () => {
    const text = 'é jane@example.com, 東京';
    const { bytes } = scrubber.scrubBody('integration', 'text/plain; charset=utf-16be', big(`東京 ${text}`));
    expect(bytes).toEqual(big(`東京 ${text}`.replace('jane@example.com', '{{EMAIL_ADDRESS}}')));
  });

  it('may be JSON', () => {
    const { bytes } = scrubber.scrubBody('integration', '', little('{"a":"jane@example.com","source":"x"}'));
    expect(bytes).toEqual(little('{"a":"{{EMAIL_ADDRESS}}","source":"x"}'));
  });

  it('is returned as it is if nothing is found, as are bytes of any other kind', () => {
    for (const bytes of [little('nothing'), Buffer.from([0xff, 0xfe, 0x00]), Buffer.from([0, 1, 0, 255, 254, 128])])
      expect(scrubber.scrubBody('integration', '', bytes).bytes).toBe(bytes);
  });
});
