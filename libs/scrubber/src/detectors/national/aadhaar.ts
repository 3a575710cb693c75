import { digitsOf, passesVerhoeff } from '../../checksums';
import { nationalId } from './national-id';

const AADHAAR = /(?<![\w.+-])[2-9]\d{3}([ -]?)\d{4}\1\d{4}(?![\w]|[ -]\d)/g;

/** India. */
export const aadhaar = nationalId({
  name: 'aadhaar',
  pattern: AADHAAR,
  context: /(?<![a-z])(?:aadhaar|aadhar|adhar|uidai|uid)(?![a-z])/,
  isValid: (id) => passesVerhoeff(digitsOf(id)),
  matches: [{ text: 'Aadhaar 2345 6789 0124 rejected', found: '2345 6789 0124' }],
  ignores: ['Aadhaar 2345 6789 0125', 'account 234567890124'],
});
