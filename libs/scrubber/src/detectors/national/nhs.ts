import { digitsOf, weightedSum } from '../../checksums';
import { nationalId } from './national-id';

const NHS = /(?<![\w.+-])\d{3}([ -]?)\d{3}\1\d{4}(?!\w|[-.]\d)/g;

export const nhs = nationalId({
  name: 'nhs',
  pattern: NHS,
  context: /(?<![a-z])(?:nhs|national health|patients?|health service|medical record|chi number)(?![a-z])/,
  isValid: (id) => weightedSum(digitsOf(id), [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0,
  matches: [
    { text: 'NHS number 943 476 5919 not found', found: '943 476 5919' },
    { text: '9434765919', key: 'nhsNumber', found: '9434765919' },
  ],
  ignores: ['NHS number 943 476 5918', 'order 9434765919'],
});
