import { digitsOf, weightedSum } from '../../checksums';
import { nationalId } from './national-id';

const BSN = /(?<![\w.+-])\d{4}([. ]?)\d{2}\1\d{3}(?!\w|[-.]\d)/g;

/** The Netherlands. */
export const bsn = nationalId({
  name: 'bsn',
  pattern: BSN,
  context: /(?<![a-z])(?:bsn|burgerservicenummer|sofi ?nummer)(?![a-z])/,
  isValid: (id) => weightedSum(digitsOf(id), [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0,
  matches: [{ text: 'BSN 111222333 onbekend', found: '111222333' }],
  ignores: ['BSN 111222334', 'id 111222333'],
});
