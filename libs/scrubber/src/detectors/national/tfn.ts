import { digitsOf, weightedSum } from '../../checksums';
import { nationalId } from './national-id';

const TFN = /(?<![\w.+-])\d{3}([ -]?)\d{3}\1\d{3}(?!\w|[-.]\d)/g;

/** Australia, tax file number. */
export const tfn = nationalId({
  name: 'tfn',
  pattern: TFN,
  context: /(?<![a-z])(?:tfn|tax file)(?![a-z])/,
  isValid: (id) => weightedSum(digitsOf(id), [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0,
  matches: [{ text: 'TFN 876 543 210 rejected', found: '876 543 210' }],
  ignores: ['TFN 876 543 211', 'id 876 543 210'],
});
