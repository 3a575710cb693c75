import { nationalId } from './national-id';

const NUMBER = /(?<![\w.+-])\d{2}\.?\d{2}\.?\d{2}[-.]?\d{3}[-.]?\d{2}(?!\w|[-.]\d)/g;

/** The last two digits are 97 minus the remainder modulo 97, with a 2 in front for births from 2000 on. */
function isValid(id: string): boolean {
  const digits = id.replace(/\D/g, '');
  const check = Number(digits.slice(9));
  return ['', '2'].some((century) => 97 - (Number(century + digits.slice(0, 9)) % 97) === check);
}

/** Belgium, rijksregisternummer or numéro de registre national. */
export const rijksregister = nationalId({
  name: 'rijksregisternummer',
  pattern: NUMBER,
  context: /(?<![a-z])(?:rijksregister(?:nummer|nr)?|insz|niss|registre national|rrn)(?![a-z])/,
  isValid,
  matches: [{ text: 'rijksregisternummer 85.07.30-033.28 ongeldig', found: '85.07.30-033.28' }],
  ignores: ['rijksregisternummer 85.07.30-033.29', 'id 85.07.30-033.28'],
});
