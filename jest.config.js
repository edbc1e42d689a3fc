import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const rootDir = dirname(fileURLToPath(import.meta.url));

/** Jest knows nothing of a package outside the tree that it tests in, so its entry file is named in full. */
function undiciFrom(path) {
  const entry = join(resolve(rootDir, path), 'index.js');
  if (!existsSync(entry)) throw new Error(`COMPAT_UNDICI: no undici at ${entry}`);
  return entry;
}

/** @type {import('jest').Config} */
export default {
  rootDir,
  testEnvironment: 'node',
  // Loading NestJS alone takes seconds on a busy two-core machine; what hangs is still found.
  testTimeout: 30_000,
  testMatch: ['<rootDir>/test/unit/**/*.spec.ts', '<rootDir>/test/e2e/**/*.spec.ts'],
  modulePathIgnorePatterns: [
    '<rootDir>/dist',
    '<rootDir>/dist-sample',
    '<rootDir>/bench',
    '<rootDir>/test/packaging/fixtures',
  ],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleNameMapper: {
    ...(process.env.COMPAT_UNDICI && { '^undici$': undiciFrom(process.env.COMPAT_UNDICI) }),
    // Sources import each other by the name that the compiled file will have.
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  collectCoverageFrom: ['lib/**/*.ts'],
  coverageProvider: 'v8',
  coverageDirectory: 'coverage',
};
