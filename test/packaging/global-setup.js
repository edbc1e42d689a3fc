import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Packs through npm itself, so that the specs see what a user would install. `prepack` builds first: a stale
 * `dist` can never pass for the current sources.
 */
export default function setup({ rootDir }) {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'nestjs-llm-packaging-')));
  process.env.NESTJS_LLM_PACKAGING_DIR = directory;
  try {
    execFileSync('npm', ['pack', '--pack-destination', directory], {
      cwd: rootDir,
      encoding: 'utf8',
      stdio: 'pipe',
      shell: process.platform === 'win32',
    });
  } catch (error) {
    throw new Error(`npm pack failed:\n${error.stdout ?? ''}${error.stderr ?? ''}`, { cause: error });
  }
}
