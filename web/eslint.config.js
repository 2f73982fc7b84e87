// Lint rules of the web page: the recommended ones, and the project's limits on size. Prettier
// wraps code at `LINE_CHARS_MAX` too; the rule here covers comments, which prettier leaves alone.

import js from '@eslint/js';
import globals from 'globals';

const FILE_LINES_MAX = 450;
const FUNCTION_LINES_MAX = 80;
const LINE_CHARS_MAX = 100;

export default [
  { ignores: ['node_modules/', 'types/'] },
  js.configs.recommended,
  {
    rules: {
      curly: ['error', 'multi-line'],
      eqeqeq: 'error',
      'max-len': [
        'error',
        {
          code: LINE_CHARS_MAX,
          ignoreUrls: true,
          ignoreStrings: true,
          ignoreTemplateLiterals: true,
          ignoreRegExpLiterals: true,
        },
      ],
      'max-lines': ['error', FILE_LINES_MAX],
      'max-lines-per-function': [
        'error',
        { max: FUNCTION_LINES_MAX, skipBlankLines: true, skipComments: true },
      ],
      'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
    },
  },
  { files: ['js/**'], languageOptions: { globals: globals.browser } },
  { files: ['sw.js'], languageOptions: { globals: globals.serviceworker } },
  {
    files: ['eslint.config.js', 'tests/**', 'e2e/**'],
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
    rules: { 'max-lines-per-function': 'off' },
  },
];
