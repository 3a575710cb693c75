/** The digits in a text, as numbers. */
export function digitsOf(text: string): number[] {
  const digits: number[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const digit = text.charCodeAt(index) - 48;
    if (digit >= 0 && digit <= 9) digits.push(digit);
  }
  return digits;
}

/** Luhn's formula (ISO/IEC 7812-1): payment cards, SIN, personnummer. */
export function passesLuhn(digits: readonly number[]): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = digits[digits.length - 1 - index] ?? 0;
    const weighted = index % 2 === 0 ? digit : digit * 2;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return digits.length > 0 && sum % 10 === 0;
}

/** Sum of each digit times its weight. Digits without a weight are ignored. */
export function weightedSum(digits: readonly number[], weights: readonly number[]): number {
  return weights.reduce((sum, weight, index) => sum + weight * (digits[index] ?? 0), 0);
}

/** Remainder modulo 97 of a number written with digits and letters (A = 10 … Z = 35; ISO/IEC 7064). */
export function remainderBy97(text: string): number {
  let remainder = 0;
  for (const character of text) {
    const value = Number.parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder;
}

const VERHOEFF_PRODUCT = [
  '0123456789',
  '1234067895',
  '2340178956',
  '3401289567',
  '4012395678',
  '5987604321',
  '6598710432',
  '7659821043',
  '8765932104',
  '9876543210',
].map(digitsOf);
const VERHOEFF_PERMUTATION = [
  '0123456789',
  '1576283094',
  '5803796142',
  '8916043527',
  '9453126870',
  '4286573901',
  '2793806415',
  '7046913258',
].map(digitsOf);

/** Verhoeff's check digit: Aadhaar. */
export function passesVerhoeff(digits: readonly number[]): boolean {
  let check = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const permuted = VERHOEFF_PERMUTATION[index % 8]?.[digits[digits.length - 1 - index] ?? 0] ?? 0;
    check = VERHOEFF_PRODUCT[check]?.[permuted] ?? 0;
  }
  return check === 0;
}
