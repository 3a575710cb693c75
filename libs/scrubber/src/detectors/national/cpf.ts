import { digitsOf, weightedSum } from '../../checksums';
import { nationalId } from './national-id';

const CPF = /(?<![\w.+-])\d{3}([. ]?)\d{3}\1\d{3}[- ]?\d{2}(?!\w|[-.]\d)/g;

function isValid(id: string): boolean {
  const digits = digitsOf(id);
  const first = ((weightedSum(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10) % 11) % 10;
  const second = ((weightedSum(digits, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10) % 11) % 10;
  return digits[9] === first && digits[10] === second && new Set(digits).size > 1;
}

/** Brazil. */
export const cpf = nationalId({
  name: 'cpf',
  pattern: CPF,
  context: /(?<![a-z])(?:cpf|pessoa f[ií]sica)(?![a-z])/,
  isValid,
  isDistinct: (id) => /^\d{3}\.\d{3}\.\d{3}-\d{2}$/.test(id),
  matches: [
    { text: 'cliente 529.982.247-25 bloqueado', found: '529.982.247-25' },
    { text: 'cpf=52998224725', found: '52998224725' },
  ],
  ignores: ['529.982.247-26', 'id 52998224725'],
});
