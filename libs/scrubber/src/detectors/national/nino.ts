import { nationalId } from './national-id';

/** United Kingdom: prefixes that HMRC does not use are excluded. */
const NINO =
  /(?<![A-Za-z\d])(?!BG|GB|NK|KN|TN|NT|ZZ)[ABCEGHJ-PRSTW-Z][ABCEGHJ-NPRSTW-Z]([ -]?)\d{2}\1\d{2}\1\d{2}\1[A-D](?![A-Za-z\d])/gi;

export const nino = nationalId({
  name: 'nino',
  pattern: NINO,
  context:
    /(?<![a-z])(?:ninos?|national insurance|nat ins|ni ?(?:number|no|#)|insurance number|payroll|hmrc|paye)(?![a-z])/,
  isValid: () => true,
  isDistinct: (id) => /^[A-Z]{2} \d\d \d\d \d\d [A-D]$/.test(id),
  matches: [
    { text: 'seen AB 12 34 56 C twice', found: 'AB 12 34 56 C' },
    { text: 'nino=ab123456c', found: 'ab123456c' },
  ],
  ignores: ['part AB123456C', 'NINO GB123456A', 'NINO AB 12 34 56 E', 'mac AB-12-34-56-C0'],
});
