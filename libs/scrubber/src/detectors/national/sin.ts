import { digitsOf, passesLuhn } from '../../checksums';
import { nationalId } from './national-id';

/** Canada. */
const SIN = /(?<![\w.+-])\d{3}([ -]?)\d{3}\1\d{3}(?!\w|[-.]\d)/g;

export const sin = nationalId({
  name: 'sin',
  pattern: SIN,
  context: /(?<![a-z])(?:sins?(?!\()|s\.i\.n|social insurance|assurance sociale|nas|cra|canadian|canada)(?![a-z])/,
  isValid: (id) => passesLuhn(digitsOf(id)),
  matches: [
    { text: 'SIN 130-692-544 failed', found: '130-692-544' },
    { text: 'social insurance number 130692544', found: '130692544' },
  ],
  ignores: ['SIN 130-692-545', 'id 130-692-544', 'using 130692544 bytes', 'SIN 000-000-001'],
});
