import { digitsOf, weightedSum } from '../../checksums';
import { nationalId } from './national-id';

const NRIC = /(?<![A-Za-z\d])[STFGstfg]\d{7}[A-Za-z](?![A-Za-z\d])/g;

function isValid(id: string): boolean {
  const upper = id.toUpperCase();
  const offset = 'TG'.includes(upper[0] ?? '') ? 4 : 0;
  const letters = 'ST'.includes(upper[0] ?? '') ? 'JZIHGFEDCBA' : 'XWUTRQPNMLK';
  return letters[(weightedSum(digitsOf(upper), [2, 7, 6, 5, 4, 3, 2]) + offset) % 11] === upper[8];
}

/** Singapore. */
export const nric = nationalId({
  name: 'nric',
  pattern: NRIC,
  context: /(?<![a-z])(?:nric|fin|singapore|identity card)(?![a-z])/,
  isValid,
  matches: [{ text: 'NRIC S1234567D expired', found: 'S1234567D' }],
  ignores: ['NRIC S1234567A', 'part S1234567D'],
});
