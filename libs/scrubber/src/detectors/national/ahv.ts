import { digitsOf, weightedSum } from '../../checksums';
import { nationalId } from './national-id';

const AHV = /(?<![\w.+-])756([. ]?)\d{4}\1\d{4}\1\d{2}(?!\w|[-.]\d)/g;

/** Switzerland: an EAN-13 that begins with the country's number. */
export const ahv = nationalId({
  name: 'ahv',
  pattern: AHV,
  context: /(?<![a-z])(?:ahv|avs|oasi|sozialversicherung\w{0,10})(?![a-z])/,
  isValid: (id) => weightedSum(digitsOf(id), [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]) % 10 === 0,
  isDistinct: (id) => id.includes('.'),
  matches: [{ text: 'Person 756.9217.0769.85 gesperrt', found: '756.9217.0769.85' }],
  ignores: ['Person 756.9217.0769.84', 'id 7569217076985'],
});
