// Only the import rules, without type information: fast enough to run before every build.
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
