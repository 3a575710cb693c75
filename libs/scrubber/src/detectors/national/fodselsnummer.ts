import { digitsOf, weightedSum } from '../../checksums';
import { nationalId } from './national-id';

const NUMBER = /(?<![\w.+-])\d{6} ?\d{5}(?!\w|[-.]\d)/g;

/** Norway, fødselsnummer: two check digits modulo 11. */
export const fodselsnummer = nationalId({
  name: 'fodselsnummer',
  pattern: NUMBER,
  context: /(?<![a-z])(?:f[oø]dselsn(?:ummer|r)|fnr|personnummer|d nummer)(?![a-z])/,
  isValid: (id) =>
    weightedSum(digitsOf(id), [3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) % 11 === 0 &&
    weightedSum(digitsOf(id), [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0,
  matches: [{ text: 'fødselsnummer 20037232050 ikke funnet', found: '20037232050' }],
  ignores: ['fødselsnummer 20037232051', 'id 20037232050'],
});
