import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, type DynamicModule, type ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  getLlmServiceToken,
  LlmConfigurationError,
  LlmModule,
  provideLlmMiddleware,
  type LlmMiddleware,
  type LlmService,
} from '../../../lib/index.js';
import { optionsFor, REQUEST } from '../../support/llm.js';
import { collectLogs, type LogCollector } from '../../support/logs.js';
import { startUpstream, type Upstream } from '../../support/upstream.js';

let upstream: Upstream;
let logs: LogCollector;
let moduleRef: TestingModule | undefined;
let seen: string[];

beforeEach(async () => {
  upstream = await startUpstream();
  logs = collectLogs();
  seen = [];
});

afterEach(async () => {
  await moduleRef?.close();
  moduleRef = undefined;
  await upstream.close();
  logs.restore();
});

@Injectable()
class Audit {
  readonly middleware: LlmMiddleware = (call, next) => {
    seen.push(`audit ${call.model}`);
    return next();
  };
}

@Module({})
class AuditModule {
  static forRoot(name?: string, kind?: string): DynamicModule {
    return {
      module: AuditModule,
      providers: [
        Audit,
        provideLlmMiddleware({ name, kind, inject: [Audit], useFactory: (audit: Audit) => audit.middleware }),
      ],
    };
  }
}

async function start(imports: ModuleMetadata['imports']): Promise<TestingModule> {
  moduleRef = await Test.createTestingModule({ imports: imports! }).setLogger(logs).compile();
  return moduleRef.init();
}

const llmModule = (name?: string, middleware: LlmMiddleware[] = []): DynamicModule =>
  LlmModule.forRoot({ name, ...optionsFor(upstream, {}, { middleware }) });

describe('a middleware that a module provides', () => {
  it.each([
    ['before', () => [AuditModule.forRoot(), llmModule()]],
    ['after', () => [llmModule(), AuditModule.forRoot()]],
  ])('wraps the calls, imported %s LlmModule', async (_where, imports) => {
    const app = await start(imports());
    await app.get(getLlmServiceToken(), { strict: false }).completion(REQUEST);
    expect(seen).toEqual(['audit test-model']);
  });

  it('wraps the calls of the instance of its name alone, and of calls with fallbacks as well', async () => {
    const app = await start([llmModule(), llmModule('other'), AuditModule.forRoot('other')]);
    const get = (name?: string): LlmService => app.get(getLlmServiceToken(name) as symbol, { strict: false });
    await get().completion(REQUEST);
    expect(seen).toEqual([]);
    await get('other').completion(REQUEST, { fallbacks: ['openai/b'] });
    expect(seen).toEqual(['audit test-model']);
  });

  it('stands outside of the middleware of the options', async () => {
    const inner: LlmMiddleware = (_call, next) => {
      seen.push('of the options');
      return next();
    };
    const app = await start([llmModule(undefined, [inner]), AuditModule.forRoot()]);
    await app.get(getLlmServiceToken(), { strict: false }).completion(REQUEST);
    expect(seen).toEqual(['audit test-model', 'of the options']);
  });

  it('is there once for its kind, and a warning says so', async () => {
    const app = await start([
      llmModule(),
      AuditModule.forRoot(undefined, 'the audit'),
      AuditModule.forRoot(undefined, 'the audit'),
    ]);
    await app.get(getLlmServiceToken(), { strict: false }).completion(REQUEST);
    expect(seen).toEqual(['audit test-model']);
    expect(logs.entries.filter(({ level }) => level === 'warn').map(({ text }) => text)).toEqual([
      expect.stringContaining('the audit is registered twice'),
    ]);
  });

  it('fails the start where there is no such LlmModule, saying so', async () => {
    const failure = await start([llmModule(), AuditModule.forRoot('chat', 'the audit')]).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(LlmConfigurationError);
    expect(String(failure)).toMatch(/the audit .* named "chat"/);
  });

  it('leaves a service that a test put in its place alone', async () => {
    moduleRef = await Test.createTestingModule({ imports: [llmModule(), AuditModule.forRoot()] })
      .overrideProvider(getLlmServiceToken())
      .useValue({ completion: () => 'fake' })
      .compile();
    await expect(moduleRef.init()).resolves.toBeDefined();
  });
});
