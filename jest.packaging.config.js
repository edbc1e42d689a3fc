import base from './jest.config.js';

/** @type {import('jest').Config} */
export default {
  ...base,
  testMatch: ['<rootDir>/test/packaging/*.spec.ts'],
  globalSetup: '<rootDir>/test/packaging/global-setup.js',
  globalTeardown: '<rootDir>/test/packaging/global-teardown.js',
  // Compilers and package checkers run as child processes, and a busy two-core runner is slow at it.
  testTimeout: 120_000,
  // The titles say which fixtures were skipped and why.
  verbose: true,
};
