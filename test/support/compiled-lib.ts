import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';

const projectDir = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** 30 s, for tests that start a process: loading NestJS alone takes seconds where others are at work. */
export const PROCESS_TEST_MS = 30_000;

/** This package's sources as plain modules, for processes that run without Jest. */
export interface CompiledLib {
  readonly directory: string;
  /** Starts a process whose script may import `./lib/index.js` and what this package depends on. */
  start(script: string, env?: Readonly<Record<string, string>>): RunningScript;
  remove(): void;
}

export interface RunningScript {
  readonly child: ChildProcess;
  /** All that it has written to both outputs. */
  output(): string;
  /** Resolves when its output holds the text; rejects when it leaves before. */
  printed(text: string): Promise<void>;
  /** Its exit code, or the signal that ended it. */
  readonly left: Promise<number | string>;
}

/** @param folders further folders of this project to compile beside `lib` */
export function compileLib(folders: readonly string[] = []): CompiledLib {
  const directory = mkdtempSync(join(tmpdir(), 'nestjs-llm-lib-'));
  const sources = ['lib', ...folders].flatMap((folder) =>
    readdirSync(join(projectDir, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
      join(folder, name),
    ),
  );
  for (const name of sources) {
    if (!name.endsWith('.ts')) continue;
    const target = join(directory, name.replace(/\.ts$/, '.js'));
    const { code } = transformSync(readFileSync(join(projectDir, name), 'utf8'), {
      swcrc: false,
      filename: name,
      jsc: {
        target: 'es2022',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
        keepClassNames: true,
      },
      module: { type: 'es6' },
    });
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, code);
  }
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }\n');
  symlinkSync(join(projectDir, 'node_modules'), join(directory, 'node_modules'), 'junction');
  let scripts = 0;
  return {
    directory,
    start(script, env = {}) {
      const file = join(directory, `script-${++scripts}.js`);
      writeFileSync(file, script);
      // Flags meant for Jest must not leak into a plain process.
      const child = spawn(process.execPath, [file], { env: { ...process.env, NODE_OPTIONS: '', ...env } });
      return follow(child);
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function follow(child: ChildProcess): RunningScript {
  let output = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (output += text));
  const left = once(child, 'close').then(([code, signal]) => (signal ?? code) as number | string);
  return {
    child,
    output: () => output,
    left,
    printed: (text) =>
      new Promise((resolvePrinted, reject) => {
        const look = (): void => {
          if (output.includes(text)) resolvePrinted();
        };
        child.stdout!.on('data', look);
        child.stderr!.on('data', look);
        void left.then((code) => reject(new Error(`it left with ${code} before "${text}":\n${output}`)));
        look();
      }),
  };
}
