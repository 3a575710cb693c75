import { digitsOf, passesLuhn } from '../../checksums';
import { nationalId } from './national-id';

const PERSONNUMMER =
  /(?<![\w.+-])(?:19|20)?\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]|[6-8]\d|9[01])[-+]?\d{4}(?!\w|[-.]\d)/g;

/** Sweden. */
export const personnummer = nationalId({
  name: 'personnummer',
  pattern: PERSONNUMMER,
  context: /(?<![a-z])(?:personnummer|person ?nr|pnr|personal identity|samordningsnummer)(?![a-z])/,
  isValid: (id) => passesLuhn(digitsOf(id).slice(-10)),
  matches: [{ text: 'personnummer 811228-9874 saknas', found: '811228-9874' }],
  ignores: ['personnummer 811228-9875', 'batch 811228-9874'],
});
