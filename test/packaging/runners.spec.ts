import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { installPacked, projectDir, runNode } from './support/packed.js';

const dir = join(projectDir, 'test/packaging/fixtures/runners');
const installed = existsSync(join(dir, 'node_modules/vitest/vitest.mjs'));
const inCI = !['', 'false', '0', undefined].includes(process.env['CI']);

describe('one test of a controller, unchanged', () => {
  const test = installed || inCI ? it : it.skip;

  beforeAll(async () => {
    if (!installed) return;
    await installPacked(dir);
    expect(await runNode(['node_modules/typescript/bin/tsc', '-p', '.'], dir)).toEqual({
      code: 0,
      output: '',
    });
  });

  test.each([
    [
      'Jest',
      ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--config', 'jest.config.js'],
      /1 passed/,
    ],
    ['Vitest', ['node_modules/vitest/vitest.mjs', 'run'], /1 passed/],
    ['node:test', ['--import', './node-globals.js', '--test', 'dist/chat.test.js'], /pass 1/],
  ])('passes in %s', async (_name, args, passed) => {
    const { code, output } = await runNode(['--no-warnings', ...args], dir);
    expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(passed) });
  });
});
