import { digitsOf } from '../../checksums';
import { nationalId } from './national-id';

const TAX_ID = /(?<![\w.+-])[1-9]\d ?\d{3} ?\d{3} ?\d{3}(?!\w|[-.]\d)/g;

/** ISO/IEC 7064, MOD 11,10. */
function isValid(id: string): boolean {
  const digits = digitsOf(id);
  let product = 10;
  for (const digit of digits.slice(0, 10)) {
    const sum = (digit + product) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return digits[10] === (11 - product) % 10;
}

/** Germany, Steuer-Identifikationsnummer. */
export const germanTaxId = nationalId({
  name: 'steuer-id',
  pattern: TAX_ID,
  context: /(?<![a-z])(?:steuer(?:liche)? ?(?:id|identifikationsnummer|nummer|nr)|id ?nr|tin)(?![a-z])/,
  isValid,
  matches: [
    { text: 'Steuer-ID 86095742719 fehlt', found: '86095742719' },
    { text: 'IdNr 86 095 742 719 fehlt', found: '86 095 742 719' },
  ],
  ignores: ['Steuer-ID 86095742718', 'id 86095742719'],
});
