import tseslint from 'typescript-eslint';

const impure = [
  { name: 'Date', message: 'Time is a parameter of the core.' },
  { name: 'process', message: 'The environment is a parameter of the core.' },
  { name: 'setTimeout', message: 'The core does not wait.' },
  { name: 'setInterval', message: 'The core does not wait.' },
  { name: 'performance', message: 'Time is a parameter of the core.' },
];

const namedExports = { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' };
/** Also where a path is built, or asked for by `createRequire`. */
const oneDoor = ['Literal[value=/^kafkajs.src/]', 'TemplateElement[value.raw=/^kafkajs.src/]'].map((selector) => ({
  selector,
  message: 'Private parts of kafkajs come through src/kafka/kafkajs/private-parts.ts.',
}));

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', '.local/**', '**/*.mjs'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: new URL('..', import.meta.url).pathname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      '@typescript-eslint/dot-notation': 'off',
      'no-restricted-syntax': ['error', namedExports, ...oneDoor],
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['src/core/**'],
    rules: {
      'no-restricted-globals': ['error', ...impure.slice(1)],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Time is a parameter of the core.' },
        { object: 'Math', property: 'random', message: 'Randomness is a parameter of the core.' },
      ],
    },
  },
  {
    // Tests hold our way of reading and writing against that of kafkajs itself.
    files: [
      'src/kafka/kafkajs/private-parts.ts',
      'test/unit/kafka/{kafkajs,wire}/**',
      'test/support/record-batches.ts',
    ],
    rules: { 'no-restricted-syntax': ['error', namedExports] },
  },
  {
    files: ['test/**'],
    rules: { 'max-lines': 'off', '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  { files: ['**/*.d.ts', 'test/support/global-setup.ts'], rules: { 'no-restricted-syntax': 'off' } },
  {
    files: ['test/{bench,chaos,mutation,simulation}/**', 'deploy/**', 'test/support/write-docs.ts'],
    rules: { 'no-console': 'off' },
  },
);
