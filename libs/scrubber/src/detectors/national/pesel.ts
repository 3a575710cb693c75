import { digitsOf, weightedSum } from '../../checksums';
import { nationalId } from './national-id';

const PESEL = /(?<![\w.+-])\d{11}(?!\w|[-.]\d)/g;

/** Poland. */
export const pesel = nationalId({
  name: 'pesel',
  pattern: PESEL,
  context: /(?<![a-z])pesel(?![a-z])/,
  isValid: (id) => weightedSum(digitsOf(id), [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0,
  matches: [{ text: 'PESEL 44051401359 nieznany', found: '44051401359' }],
  ignores: ['PESEL 44051401358', 'id 44051401359'],
});
