import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const exec = promisify(execFile);

export const projectDir = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

export interface ExportTarget {
  types: string;
  default: string;
}

export interface Manifest {
  name: string;
  main: string;
  types: string;
  exports: Record<string, string | Record<string, ExportTarget>>;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

export function readManifest(directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest;
}

export interface Outcome {
  code: number;
  output: string;
}

/** Never throws: a failing tool's own output is the best message that an assertion can show. */
export async function run(command: string, args: string[], cwd: string): Promise<Outcome> {
  try {
    // Flags meant for Jest must not leak into what is a plain consumer's process.
    const env = { ...process.env, NODE_OPTIONS: '', NODE_PATH: '' };
    const { stdout, stderr } = await exec(command, args, { cwd, env, timeout: 110_000, maxBuffer: 1 << 26 });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string };
    return {
      code: typeof code === 'number' ? code : 1,
      output: `${stdout ?? ''}${stderr ?? ''}` || String(error),
    };
  }
}

export const runNode = (args: string[], cwd: string): Promise<Outcome> => run(process.execPath, args, cwd);

function packagingDir(): string {
  const directory = process.env['NESTJS_LLM_PACKAGING_DIR'];
  if (!directory)
    throw new Error('The packaging specs need jest.packaging.config.js: run npm run test:packaging');
  return directory;
}

export function tarball(): string {
  const directory = packagingDir();
  const file = readdirSync(directory).find((name) => name.endsWith('.tgz'));
  if (!file) throw new Error(`npm pack left no tarball in ${directory}`);
  return join(directory, file);
}

export async function tarballEntries(): Promise<string[]> {
  const { code, output } = await run('tar', ['-tzf', tarball()], projectDir);
  if (code !== 0) throw new Error(output);
  return output
    .split('\n')
    .filter((line) => line !== '' && !line.endsWith('/'))
    .map((line) => line.replace(/^package\//, ''));
}

/** What npm would do for a consumer, minus the network: the tarball and its own dependencies, nested. */
export async function installPacked(consumerDir: string): Promise<string> {
  const target = join(consumerDir, 'node_modules', 'nestjs-llm');
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const { code, output } = await run(
    'tar',
    ['-xzf', tarball(), '-C', target, '--strip-components=1'],
    consumerDir,
  );
  if (code !== 0) throw new Error(output);
  copyDependencies(target, join(target, 'node_modules'));
  return target;
}

function copyDependencies(from: string, into: string): void {
  for (const name of Object.keys(readManifest(from).dependencies ?? {})) {
    const target = join(into, name);
    cpSync(join(projectDir, 'node_modules', name), target, { recursive: true });
    copyDependencies(target, into);
  }
}

/** A consumer that borrows this project's own copies of the peers: enough to load the package, and always there. */
export async function makeConsumer(name: string): Promise<{ dir: string; packageDir: string }> {
  const dir = join(packagingDir(), name);
  mkdirSync(join(dir, 'node_modules'), { recursive: true });
  const packageDir = await installPacked(dir);
  for (const peer of [...Object.keys(readManifest(packageDir).peerDependencies ?? {}), 'reflect-metadata']) {
    const link = join(dir, 'node_modules', peer);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(projectDir, 'node_modules', peer), link, 'junction');
  }
  return { dir, packageDir };
}
