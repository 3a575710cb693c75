import { nationalId } from './national-id';

const NIR = /(?<![\w.+-])[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}(?!\w|[-.]\d)/g;

function isValid(id: string): boolean {
  const compact = id.replace(/ /g, '').replace('2A', '19').replace('2B', '18');
  return Number(compact.slice(-2)) === 97 - (Number(compact.slice(0, 13)) % 97);
}

/** France, numéro de sécurité sociale. */
export const frenchNir = nationalId({
  name: 'nir',
  pattern: NIR,
  context: /(?<![a-z])(?:nir|insee|s[ée]curit[ée] sociale|(?:n°|no|num[ée]ro(?: de)?) ?s[ée]cu|assur[ée])(?![a-z])/,
  isValid,
  isDistinct: (id) => /^\d \d\d \d\d \S\S \d{3} \d{3} \d\d$/.test(id),
  matches: [{ text: 'NIR 255081416802538 inconnu', found: '255081416802538' }],
  ignores: ['NIR 255081416802539', 'id 255081416802538'],
});
