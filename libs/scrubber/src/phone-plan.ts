import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { type Budget, consume } from './scan-context';

/** Regions whose numbering plans are tried for a number without country code, most common first. */
// prettier-ignore
const REGIONS: readonly CountryCode[] = [
  'US', 'GB', 'DE', 'FR', 'IN', 'AU', 'ES', 'IT', 'NL', 'BE', 'CH', 'AT', 'SE', 'NO', 'DK', 'FI',
  'IE', 'PL', 'PT', 'BR', 'MX', 'JP', 'KR', 'CN', 'ZA', 'IL', 'SG', 'NZ', 'TR', 'CZ', 'AR',
];

/** Whether a number in the form `+4420…` is valid in its numbering plan. True if the budget is exhausted. */
export function isValidInternational(number: string, budget: Budget): boolean {
  if (!consume(budget, 'lookups')) return true;
  return parsePhoneNumberFromString(number, { extract: false })?.isValid() ?? false;
}

/** Whether a number in the form `+4420…` has a possible length in its plan: sufficient if the text mentions a telephone. */
export function isPossibleInternational(number: string, budget: Budget): boolean {
  if (!consume(budget, 'lookups')) return true;
  return parsePhoneNumberFromString(number, { extract: false })?.isPossible() ?? false;
}

/** Whether the digits are a valid national number in one of the regions. */
export function isValidNational(digits: string, budget: Budget): boolean {
  return REGIONS.some((defaultCountry) => {
    if (!consume(budget, 'lookups')) return true;
    return parsePhoneNumberFromString(digits, { defaultCountry, extract: false })?.isValid() ?? false;
  });
}
