// Nest 12 and several of its neighbours are published as ES modules only; jest runs CommonJS, so they are transformed too.
const esmPackages = [
  '@nestjs', '@willsoto', 'lru-cache', 'jose', 'load-esm', 'file-type', 'strtok3', 'token-types', 'uint8array-extras', '@tokenizer',
  '@borewit', '@opentelemetry/otlp-exporter-base', 'iterare', 'uid', 'es-toolkit', '@tus', 'srvx', 'set-cookie-parser', 'js-yaml', 'fast-check', 'pure-rand', '@electric-sql',
];

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  transform: {
    '^.+\\.(ts|js|mjs|cjs)$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true, dynamicImport: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          target: 'es2022',
        },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esmPackages.join('|')})/)`],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  setupFiles: ['reflect-metadata'],
  testTimeout: 60_000,
  maxWorkers: '100%',
};
