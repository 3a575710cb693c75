import { nationalId } from './national-id';

const CODICE = /(?<![A-Za-z\d])[A-Za-z]{6}\d{2}[A-EHLMPRSTa-ehlmprst]\d{2}[A-Za-z]\d{3}[A-Za-z](?![A-Za-z\d])/g;
/** Values of the characters in odd places, digits and letters alike (decree of 23 December 1976). */
const ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

function isValid(id: string): boolean {
  const upper = id.toUpperCase();
  let sum = 0;
  for (let index = 0; index < 15; index += 1) {
    const character = upper[index] ?? '0';
    const value = character >= 'A' ? character.charCodeAt(0) - 65 : Number(character);
    sum += index % 2 === 0 ? (ODD[value] ?? 0) : value;
  }
  return upper.charCodeAt(15) - 65 === sum % 26;
}

/** Italy. The layout with a valid check letter is unmistakable. */
export const codiceFiscale = nationalId({
  name: 'codice-fiscale',
  pattern: CODICE,
  context: /(?<![a-z])(?:codice fiscale|cod fisc|cf)(?![a-z])/,
  isValid,
  isDistinct: () => true,
  matches: [{ text: 'utente RSSMRA85T10A562S sospeso', found: 'RSSMRA85T10A562S' }],
  ignores: ['utente RSSMRA85T10A562T sospeso'],
});
