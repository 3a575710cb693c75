import { nationalId } from './national-id';

const HETU = /(?<![\w.+-])\d{6}[-+A-FU-Y]\d{3}[\dA-FHJ-NPR-Y](?![\w]|[-.]\d)/g;

/** Finland, henkilötunnus: birth date and serial modulo 31. */
export const henkilotunnus = nationalId({
  name: 'henkilotunnus',
  pattern: HETU,
  context: /(?<![a-z])(?:henkil[oö]tunnus|hetu|personbeteckning|personal identity code)(?![a-z])/,
  isValid: (id) => '0123456789ABCDEFHJKLMNPRSTUVWXY'[Number(id.slice(0, 6) + id.slice(7, 10)) % 31] === id[10],
  matches: [{ text: 'HETU 131052-308T puuttuu', found: '131052-308T' }],
  ignores: ['HETU 131052-308U', 'id 131052-308T'],
});
