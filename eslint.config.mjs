import tseslint from 'typescript-eslint';
import { boundaries } from './tools/layers.mjs';

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '.nx/**', '.local/**', '**/*.cjs', '**/*.mjs'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['**/*.{test,fixture}.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            "ImportDeclaration[source.value='amqplib'] > :matches(ImportDefaultSpecifier, ImportSpecifier[imported.name='connect'])",
          message:
            'Use connectToBroker of @pdaltagent/testing: amqplib throws a lost connection in whichever test runs by then.',
        },
      ],
    },
  },
  {
    // A command speaks to a person through stdout and stderr.
    files: ['apps/{pd-send,demo,cli}/src/**/*.ts', 'bench/src/**/*.ts', 'e2e/src/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  ...boundaries,
);
