import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { nagiosKeyIn } from './nagios-form';

const FORM = 'application/x-www-form-urlencoded';
const KEY = '01234567890123456789012345678901';

describe('the form of PagerDuty’s first plug-in for Nagios', () => {
  it('has the routing key as the pager of the contact', () => {
    const body = readFileSync(path.join(__dirname, '../fixtures/12-nagios-plugin-service-problem.form'));
    expect(nagiosKeyIn(FORM, body)).toEqual({ ok: true, routingKey: KEY });
    expect(nagiosKeyIn(`${FORM}; charset=utf-8`, body)).toEqual({ ok: true, routingKey: KEY });
  });

  it.each([
    ['no key', FORM, 'HOSTNAME=db1', "'CONTACTPAGER' is missing or blank"],
    ['a blank key', FORM, 'CONTACTPAGER=+', "'CONTACTPAGER' is missing or blank"],
    ['two keys', FORM, `CONTACTPAGER=${KEY}&CONTACTPAGER=${KEY}`, "'CONTACTPAGER' is given more than once"],
    ['a phone number', FORM, 'CONTACTPAGER=5550100', "Length of 'CONTACTPAGER' is incorrect (should be 32 characters)"],
    [
      'a key that is not a path’s',
      FORM,
      `CONTACTPAGER=${KEY.slice(2)}%2F%0A`,
      "'CONTACTPAGER' cannot contain non-alphanumeric characters.",
    ],
    [
      'JSON',
      'application/json',
      `{"CONTACTPAGER":"${KEY}"}`,
      'Body is not a form (Content-Type must be application/x-www-form-urlencoded)',
    ],
  ])('is refused with %s', (_, contentType, body, error) => {
    expect(nagiosKeyIn(contentType, Buffer.from(body))).toEqual({ ok: false, errors: [error] });
  });

  it('has the key that decoding all of it gives, however its fields are written', () => {
    const part = fc.constantFrom(
      'CONTACTPAGER',
      '%43ONTACTPAGER',
      '%43%4f%4EtACTPAGER',
      'CONTACT',
      KEY,
      '=',
      '&',
      '?',
      '%',
      '+',
      'a',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const form = parts.join('');
        const [routingKey, ...others] = new URLSearchParams(`&${form}`).getAll('CONTACTPAGER');
        const isKey = others.length === 0 && routingKey !== undefined && /^[0-9a-z]{32}$/i.test(routingKey);
        const read = nagiosKeyIn(FORM, Buffer.from(form));
        expect(read.ok ? read.routingKey : undefined).toBe(isKey ? routingKey : undefined);
      }),
      { numRuns: 5_000 },
    );
  });
});
