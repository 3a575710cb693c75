import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { type Budget, consume } from './scan-context';

/** Whose plans a number without country code is tried against, the commonest first. */
// prettier-ignore
const REGIONS: readonly CountryCode[] = [
  'US', 'GB', 'DE', 'FR', 'IN', 'AU', 'ES', 'IT', 'NL', 'BE', 'CH', 'AT', 'SE', 'NO', 'DK', 'FI',
  'IE', 'PL', 'PT', 'BR', 'MX', 'JP', 'KR', 'CN', 'ZA', 'IL', 'SG', 'NZ', 'TR', 'CZ', 'AR',
];

/** Whether a number in the form `+4420…` exists in its numbering plan. With the effort used up the shape has to do. */
export function isValidInternational(number: string, budget: Budget): boolean {
  if (!consume(budget, 'lookups')) return true;
  return parsePhoneNumberFromString(number, { extract: false })?.isValid() ?? false;
}

/** Whether a number in the form `+4420…` has a length that its plan knows: enough where the text speaks of a telephone. */
export function isPossibleInternational(number: string, budget: Budget): boolean {
  if (!consume(budget, 'lookups')) return true;
  return parsePhoneNumberFromString(number, { extract: false })?.isPossible() ?? false;
}

/** Whether some country's plan has these digits as a national number. */
export function isValidNational(digits: string, budget: Budget): boolean {
  return REGIONS.some((defaultCountry) => {
    if (!consume(budget, 'lookups')) return true;
    return parsePhoneNumberFromString(digits, { defaultCountry, extract: false })?.isValid() ?? false;
  });
}
