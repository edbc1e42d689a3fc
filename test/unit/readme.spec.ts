import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** Where the names come from that the README's examples use without saying so. */
const MODULES: Readonly<Record<string, readonly string[]>> = {
  '@nestjs/common': [
    'Module',
    'Injectable',
    'Controller',
    'Post',
    'Body',
    'Res',
    'StreamableFile',
    'OnApplicationShutdown',
  ],
  '@nestjs/config': ['ConfigModule', 'ConfigService'],
  '@nestjs/testing': ['Test'],
  express: ['Response'],
  rxjs: ['map'],
  undici: ['Agent', 'MockAgent', 'buildConnector'],
  'node:stream/promises': ['pipeline'],
};

const OURS = Object.keys(await import('../../lib/index.js')).concat(
  'ChatRequest',
  'ChatMessage',
  'HttpSession',
);

const AMBIENT = `
declare const llm: LlmService;
declare const messages: ChatMessage[];
declare const signal: AbortSignal;
declare const vault: { read(name: string): Promise<string> };
declare const myInterceptor: HttpInterceptor;
declare const apiKey: string;
declare const newMaterial: TlsOptions;
declare const providers: LlmOptions['providers'];
declare const ca: string;
declare class AppModule {}
declare const it: (title: string, run: () => Promise<void>) => void;
`;

/** An example as a module of its own: with the imports, and the variables from around it, that it takes for granted. */
function toModule(code: string): string {
  const imported = [...code.matchAll(/^import .*$/gm)].join('\n');
  const isIn = (text: string, name: string): boolean => new RegExp(`\\b${name}\\b`).test(text);
  const uses = (name: string): boolean => isIn(code, name) && !isIn(imported, name);
  const declares = (name: string): boolean => new RegExp(`(const|class) ${name}\\b`).test(code);
  const imports = Object.entries(MODULES)
    .map(([module, names]) => [module, names.filter((name) => uses(name) && !declares(name))] as const)
    .filter(([, names]) => names.length > 0)
    .map(
      ([module, names]) =>
        `import { ${names.map((name) => (name === 'Response' || name.startsWith('On') ? `type ${name}` : name)).join(', ')} } from '${module}';`,
    );
  const ours = OURS.filter((name) => uses(name) && !declares(name));
  const ambient = AMBIENT.split('\n').filter((line) => {
    const name = /declare (?:const|class) (\w+)/.exec(line)?.[1];
    return name !== undefined && uses(name) && !declares(name);
  });
  const inAmbient = ['LlmService', 'LlmOptions', 'ChatMessage', 'HttpInterceptor', 'TlsOptions'].filter(
    (name) => ambient.some((line) => line.includes(name)) && !ours.includes(name) && !isIn(imported, name),
  );
  const isMember = code.startsWith('@Post') || code.startsWith('constructor(');
  const ownConstructor = code.startsWith('constructor(')
    ? ''
    : 'constructor(private readonly llm: LlmService) {}';
  const body = isMember ? `class Example { ${ownConstructor}\n${code}\n}` : code;
  const fromOurs = [
    ...new Set([...ours, ...inAmbient, ...(ownConstructor !== '' && isMember ? ['LlmService'] : [])]),
  ];
  return [
    ...imports,
    fromOurs.length > 0 ? `import { ${fromOurs.join(', ')} } from 'nestjs-llm';` : '',
    ...ambient,
    body,
    'export {};',
  ].join('\n');
}

describe('README and docs', () => {
  const pages = [
    'README.md',
    ...readdirSync(join(root, 'docs'))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join('docs', name)),
  ];
  const examples = pages.flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!),
  );

  it('have examples that compile', () => {
    const files = new Map(
      examples.map((code, index) => [join(root, `test/unit/readme-${index}.ts`), toModule(code)]),
    );
    const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file));
    const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root);
    Object.assign(options, {
      paths: { 'nestjs-llm': [join(root, 'lib/index.ts')], 'nestjs-llm/*': [join(root, 'lib/*/index.ts')] },
      isolatedModules: false,
    });
    const host = ts.createCompilerHost(options);
    const getSourceFile = host.getSourceFile.bind(host);
    const fileExists = host.fileExists.bind(host);
    const readFile = host.readFile.bind(host);
    host.fileExists = (file) => files.has(file) || fileExists(file);
    host.readFile = (file) => files.get(file) ?? readFile(file);
    host.getSourceFile = (file, target) => {
      const text = files.get(file);
      return text === undefined ? getSourceFile(file, target) : ts.createSourceFile(file, text, target, true);
    };
    const program = ts.createProgram([...files.keys()], options, host);
    const problems = [...files.keys()].flatMap((file) => {
      const source = program.getSourceFile(file)!;
      return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
        (problem) =>
          `${ts.flattenDiagnosticMessageText(problem.messageText, '\n')}\n  in: ${source.text.slice(problem.start ?? 0, (problem.start ?? 0) + 80)}`,
      );
    });
    expect(examples.length).toBeGreaterThan(10);
    expect(problems).toEqual([]);
  }, 60_000);
});
