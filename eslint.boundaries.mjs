// Only the walls, without type information: fast enough to stand before every build.
import tseslint from 'typescript-eslint';
import { boundaries } from './tools/layers.mjs';

export default [
  { ignores: ['**/dist/**', '**/node_modules/**'] },
  {
    files: ['**/*.ts'],
    languageOptions: { parser: tseslint.parser },
    linterOptions: { reportUnusedDisableDirectives: false },
  },
  ...boundaries,
];
