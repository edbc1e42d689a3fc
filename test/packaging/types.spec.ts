import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { installPacked, projectDir, runNode } from './support/packed.js';

const dir = join(projectDir, 'test/packaging/fixtures/types');
const installed = existsSync(join(dir, 'node_modules/@nestjs/core/package.json'));
const inCI = !['', 'false', '0', undefined].includes(process.env['CI']);

// What openai 6 and 7 type, and what `exactOptionalPropertyTypes` asks for, compiles against the packed types.
if (!installed && !inCI) {
  describe.skip('the types: test/packaging/fixtures/types is not installed, run npm ci in it', () => {
    it('compile', () => {});
  });
} else {
  describe('the types', () => {
    beforeAll(async () => {
      await installPacked(dir);
    });

    it.each(['5.9', '6', '7'])('compile with TypeScript %s, openai 6 and openai 7', async (version) => {
      expect(
        await runNode([`node_modules/typescript-${version}/bin/tsc`, '-p', '.', '--pretty', 'false'], dir),
      ).toEqual({
        code: 0,
        output: '',
      });
    });
  });
}
