import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Inject, Injectable, Module, type DynamicModule, type FactoryProvider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ConfigModule, ConfigService, registerAs } from '@nestjs/config';
import { Test } from '@nestjs/testing';
import {
  HTTP_SESSION,
  InjectHttpSession,
  InjectLlm,
  InjectLlmHandler,
  LlmHandler,
  LlmModule,
  createHttpSession,
  LlmService,
  getHttpSessionToken,
  getLlmHandlerToken,
  getLlmServiceToken,
  type HttpSession,
  type LlmModuleOptions,
  type LlmOptionsFactory,
} from '../../lib/index.js';
import { MESSAGES, REQUEST, TEST_KEY, optionsFor, withEnv } from '../support/llm.js';
import { collectLogs } from '../support/logs.js';
import { CountingSession } from '../support/sessions.js';
import { startUpstream, type Upstream } from '../support/upstream.js';

let upstream: Upstream;
/** What the options factories of this file give. */
let current: LlmModuleOptions;

beforeEach(async () => {
  upstream = await startUpstream();
  current = optionsFor(upstream);
});

afterEach(() => upstream.close());

@Injectable()
class Settings {
  readonly options = current;
}

@Module({
  providers: [Settings, { provide: 'SETTINGS', useExisting: Settings }],
  exports: [Settings, 'SETTINGS'],
})
class SettingsModule {}

@Injectable()
class OptionsFactory implements LlmOptionsFactory {
  createLlmOptions(): LlmModuleOptions {
    return current;
  }
}

@Injectable()
class InjectedFactory implements LlmOptionsFactory {
  constructor(@Inject(Settings) private readonly settings: Settings) {}

  createLlmOptions(): Promise<LlmModuleOptions> {
    return Promise.resolve(this.settings.options);
  }
}

@Module({ providers: [OptionsFactory], exports: [OptionsFactory] })
class FactoryModule {}

const ways: readonly (readonly [string, () => DynamicModule])[] = [
  ['forRoot', () => LlmModule.forRoot(current)],
  [
    'forRoot with a session from an imported module',
    () =>
      LlmModule.forRoot({
        ...current,
        imports: [SettingsModule],
        session: {
          inject: [Settings],
          useFactory: ({ options }: Settings) => createHttpSession(options.http),
        },
      }),
  ],
  ['useFactory', () => LlmModule.forRootAsync({ useFactory: () => current })],
  ['an async useFactory', () => LlmModule.forRootAsync({ useFactory: async () => Promise.resolve(current) })],
  [
    'useFactory that injects a class',
    () =>
      LlmModule.forRootAsync({
        imports: [SettingsModule],
        inject: [Settings],
        useFactory: (settings: Settings) => settings.options,
      }),
  ],
  [
    'useFactory that injects by a string',
    () =>
      LlmModule.forRootAsync({
        imports: [SettingsModule],
        inject: ['SETTINGS'],
        useFactory: (settings: Settings) => settings.options,
      }),
  ],
  [
    'useFactory with an optional dependency that is not there',
    () =>
      LlmModule.forRootAsync({
        inject: [{ token: Settings, optional: true }],
        useFactory: (settings?: Settings) => settings?.options ?? current,
      }),
  ],
  [
    'useFactory that injects one of extraProviders',
    () =>
      LlmModule.forRootAsync({
        extraProviders: [Settings],
        inject: [Settings],
        useFactory: (settings: Settings) => settings.options,
      }),
  ],
  ['useClass', () => LlmModule.forRootAsync({ useClass: OptionsFactory })],
  [
    'useClass with dependencies',
    () => LlmModule.forRootAsync({ imports: [SettingsModule], useClass: InjectedFactory }),
  ],
  ['useExisting', () => LlmModule.forRootAsync({ imports: [FactoryModule], useExisting: OptionsFactory })],
  [
    'asProvider() of registerAs()',
    () => LlmModule.forRootAsync({ ...registerAs('llm', () => current).asProvider() }),
  ],
];

describe('LlmModule', () => {
  it.each(ways)('takes its options by %s', async (_name, makeModule) => {
    const moduleRef = await Test.createTestingModule({ imports: [makeModule()] }).compile();
    const completion = await moduleRef.get(LlmService).completion(REQUEST);
    expect(completion.choices[0]!.message.content).toBe('Hello, world');
    expect(upstream.requests[0]!.headers.authorization).toBe(`Bearer ${TEST_KEY}`);
    await moduleRef.close();
  });

  it('needs nothing but a key in the environment', async () => {
    await withEnv({ OPENAI_API_KEY: 'sk-env', OPENAI_BASE_URL: upstream.baseURL }, async () => {
      const app = await NestFactory.createApplicationContext(LlmModule.forRoot(), { logger: false });
      await app.get(LlmService).completion({ model: 'gpt', messages: MESSAGES });
      await app.close();
    });
    expect(upstream.requests[0]!.headers.authorization).toBe('Bearer sk-env');
    expect(upstream.requests[0]!.path).toBe('/v1/chat/completions');
    expect(upstream.requests[0]!.body.model).toBe('gpt');
  });

  it('reads ConfigService', async () => {
    const app = await Test.createTestingModule({
      imports: [
        LlmModule.forRootAsync({
          imports: [ConfigModule.forRoot({ ignoreEnvFile: true, load: [() => ({ key: 'sk-config' })] })],
          inject: [ConfigService],
          useFactory: (config: ConfigService) =>
            optionsFor(upstream, { apiKey: config.getOrThrow<string>('key') }),
        }),
      ],
    }).compile();
    await app.get(LlmService).completion(REQUEST);
    expect(upstream.requests[0]!.headers.authorization).toBe('Bearer sk-config');
    await app.close();
  });

  it('says what is missing when a dependency of the factory is', async () => {
    const compiled = Test.createTestingModule({
      imports: [LlmModule.forRootAsync({ name: 'x', inject: [ConfigService], useFactory: () => ({}) })],
    }).compile();
    await expect(compiled).rejects.toThrow(/nestjs-llm:OPTIONS:x[\s\S]*ConfigService/);
  });
});

@Injectable()
class Consumer {
  constructor(
    @InjectLlm() readonly llm: LlmService,
    @InjectLlm('batch') readonly batch: LlmService,
    @InjectHttpSession() readonly session: HttpSession,
    @InjectHttpSession('batch') readonly batchSession: HttpSession,
    @InjectLlmHandler('batch') readonly batchHandler: LlmHandler,
    readonly byType: LlmService,
    readonly handlerByType: LlmHandler,
  ) {}
}

describe('instances', () => {
  it('stand side by side under their names, each with its own session', async () => {
    const moduleRef = await Test.createTestingModule({
      imports: [
        LlmModule.forRoot(optionsFor(upstream, { apiKey: 'sk-one' })),
        LlmModule.forRootAsync({
          name: 'batch',
          useFactory: () => optionsFor(upstream, { apiKey: 'sk-two' }),
        }),
      ],
      providers: [Consumer],
    }).compile();
    await moduleRef.init();
    const consumer = moduleRef.get(Consumer);
    expect(consumer.llm).toBe(moduleRef.get(LlmService));
    expect(consumer.byType).toBe(consumer.llm);
    expect(consumer.handlerByType).toBe(moduleRef.get(LlmHandler));
    expect(consumer.batch).toBe(moduleRef.get(getLlmServiceToken('batch')));
    expect(consumer.batch).not.toBe(consumer.llm);
    expect(consumer.batchHandler).toBe(moduleRef.get(getLlmHandlerToken('batch')));
    expect(consumer.session).toBe(moduleRef.get(HTTP_SESSION));
    expect(consumer.batchSession).toBe(moduleRef.get(getHttpSessionToken('batch')));
    expect(consumer.batchSession).not.toBe(consumer.session);

    await Promise.all([consumer.llm.completion(REQUEST), consumer.batch.completion(REQUEST)]);
    expect(new Set(upstream.requests.map(({ headers }) => headers.authorization))).toEqual(
      new Set(['Bearer sk-one', 'Bearer sk-two']),
    );
    expect(upstream.accepted()).toBe(2);
    expect(consumer.llm.stats().calls.started).toBe(1);
    await moduleRef.close();
    expect(consumer.session.destroyed).toBe(true);
    expect(consumer.batchSession.destroyed).toBe(true);
  });

  it('are shared by every importer of the same dynamic module', async () => {
    const shared = LlmModule.forRoot(current);
    @Module({ imports: [shared], providers: [{ provide: 'A', useExisting: LlmService }], exports: ['A'] })
    class A {}
    @Module({ imports: [shared], providers: [{ provide: 'B', useExisting: LlmService }], exports: ['B'] })
    class B {}
    const moduleRef = await Test.createTestingModule({ imports: [A, B] }).compile();
    expect(moduleRef.get('A', { strict: false })).toBe(moduleRef.get('B', { strict: false }));
    await moduleRef.close();
  });

  it('with isGlobal are injected where nothing was imported', async () => {
    @Module({
      providers: [
        {
          provide: 'ALL',
          useFactory: (...all: unknown[]) => all,
          inject: [LlmService, LlmHandler, HTTP_SESSION],
        },
      ],
    })
    class Feature {}
    const moduleRef = await Test.createTestingModule({
      imports: [LlmModule.forRoot({ ...current, isGlobal: true }), Feature],
    }).compile();
    expect(moduleRef.get<unknown[]>('ALL', { strict: false })).toHaveLength(3);
    await moduleRef.close();
  });

  it('without isGlobal are not', async () => {
    @Module({ providers: [{ provide: 'X', useFactory: () => 1, inject: [LlmService] }] })
    class Feature {}
    const compiled = Test.createTestingModule({ imports: [LlmModule.forRoot(current), Feature] }).compile();
    await expect(compiled).rejects.toThrow(/LlmService/);
  });

  it.each<[string, () => DynamicModule[], RegExp | undefined]>([
    ['two without a name', () => [LlmModule.forRoot(), LlmModule.forRoot()], /2 instances without a name/],
    [
      'two of one name',
      () => [LlmModule.forRoot({ name: 'a' }), LlmModule.forRootAsync({ name: 'a', useFactory: () => ({}) })],
      /2 instances named "a".*isGlobal.*its own name/,
    ],
    ['two names', () => [LlmModule.forRoot(), LlmModule.forRoot({ name: 'a' })], undefined],
    [
      'a name that is "default"',
      () => [LlmModule.forRoot(), LlmModule.forRoot({ name: 'default' })],
      undefined,
    ],
  ])('warns once of %s, where they exclude each other', async (_name, imports, warning) => {
    const logs = collectLogs();
    try {
      @Module({ imports: imports() })
      class App {}
      const app = await NestFactory.createApplicationContext(App, { logger: logs });
      await app.close();
      const warnings = logs.entries.filter(({ level }) => level === 'warn').map(({ text }) => text);
      if (warning === undefined) expect(warnings).toEqual([]);
      else expect(warnings).toEqual([expect.stringMatching(warning)]);
    } finally {
      logs.restore();
    }
  });
});

describe('tokens', () => {
  it('are told apart by reading them', () => {
    expect(String(HTTP_SESSION)).toBe('Symbol(nestjs-llm:HTTP_SESSION)');
    expect(getHttpSessionToken()).toBe(HTTP_SESSION);
    expect(String(getHttpSessionToken('a'))).toBe('Symbol(nestjs-llm:HTTP_SESSION:a)');
    expect(getLlmServiceToken()).toBe(LlmService);
    expect(String(getLlmServiceToken('a'))).toBe('Symbol(nestjs-llm:LlmService:a)');
    expect(getLlmHandlerToken()).toBe(LlmHandler);
    expect(String(getLlmHandlerToken('a'))).toBe('Symbol(nestjs-llm:LlmHandler:a)');
    expect(getLlmServiceToken('a')).toBe(getLlmServiceToken('a'));
    expect(getLlmServiceToken('a')).not.toBe(getLlmServiceToken('b'));
  });
});

const session = { current: undefined as CountingSession | undefined };

@Module({
  providers: [{ provide: 'AGENT', useFactory: () => session.current }],
  exports: ['AGENT'],
})
class AgentModule {}

describe("the application's session", () => {
  beforeEach(() => {
    session.current = new CountingSession();
  });

  afterEach(() => session.current!.agent.destroy());

  it.each<[string, () => DynamicModule]>([
    ['useValue', () => LlmModule.forRoot({ ...current, session: { useValue: session.current! } })],
    ['useFactory', () => LlmModule.forRoot({ ...current, session: { useFactory: () => session.current! } })],
    [
      'useFactory with inject',
      () =>
        LlmModule.forRootAsync({
          imports: [AgentModule],
          session: { inject: ['AGENT'], useFactory: async (agent: HttpSession) => Promise.resolve(agent) },
          useFactory: () => current,
        }),
    ],
    [
      'useFactory that injects one of extraProviders',
      () =>
        LlmModule.forRoot({
          ...current,
          extraProviders: [
            { provide: 'MINE', useValue: session.current } satisfies { provide: string; useValue: unknown },
          ],
          session: { inject: ['MINE'], useFactory: (agent: HttpSession) => agent } satisfies Pick<
            FactoryProvider<HttpSession>,
            'inject' | 'useFactory'
          >,
        }),
    ],
    [
      'useExisting',
      () =>
        LlmModule.forRootAsync({
          imports: [AgentModule],
          session: { useExisting: 'AGENT' },
          useFactory: () => current,
        }),
    ],
  ])('is injected by %s, carries the calls and stays open', async (_name, makeModule) => {
    const moduleRef = await Test.createTestingModule({ imports: [makeModule()] }).compile();
    await moduleRef.init();
    expect(moduleRef.get(HTTP_SESSION)).toBe(session.current);
    await moduleRef.get(LlmService).completion(REQUEST);
    expect(session.current!.dispatched).toBe(1);
    await moduleRef.close();
    expect(session.current).toMatchObject({ closeCalls: 0, closed: false, destroyed: false });
  });
});
