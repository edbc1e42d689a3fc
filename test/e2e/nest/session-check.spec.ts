import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Scope, type DynamicModule } from '@nestjs/common';
import { REQUEST as CURRENT_REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  HTTP_SESSION,
  LlmConfigurationError,
  LlmModule,
  type HttpSession,
  type LlmModuleOptions,
} from '../../../lib/index.js';
import { collectLogs, type LogCollector } from '../../support/logs.js';

const OPTIONS: LlmModuleOptions = { providers: { openai: { apiKey: 'sk-of-a-tenant' } } };

@Injectable({ scope: Scope.REQUEST, durable: true })
class Tenant {
  readonly options = OPTIONS;
}

@Injectable({ scope: Scope.REQUEST })
class TenantOptions {
  createLlmOptions(): LlmModuleOptions {
    return OPTIONS;
  }
}

const NO_AGENT = undefined as unknown as HttpSession;

let logs: LogCollector;

beforeEach(() => {
  logs = collectLogs();
});

afterEach(() => logs.restore());

async function start(imported: DynamicModule): Promise<void> {
  const moduleRef = await Test.createTestingModule({ imports: [imported] })
    .setLogger(logs)
    .compile();
  try {
    await moduleRef.init();
  } finally {
    await moduleRef.close();
  }
}

describe('what would make connections for each request', () => {
  it.each<[string, string, () => DynamicModule]>([
    [
      'options of REQUEST',
      'options',
      () => LlmModule.forRootAsync({ inject: [CURRENT_REQUEST], useFactory: () => OPTIONS }),
    ],
    [
      'options of a durable provider',
      'options',
      () =>
        LlmModule.forRootAsync({
          name: 'tenants',
          extraProviders: [Tenant],
          inject: [Tenant],
          useFactory: (tenant: Tenant) => tenant.options,
        }),
    ],
    [
      'a request-scoped factory of options',
      'options',
      () => LlmModule.forRootAsync({ useClass: TenantOptions, isGlobal: true }),
    ],
    [
      'a session of REQUEST',
      'session',
      () => LlmModule.forRoot({ session: { inject: [CURRENT_REQUEST], useFactory: () => NO_AGENT } }),
    ],
  ])('%s is refused at start', async (_name, what, imported) => {
    const failure = await start(imported()).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LlmConfigurationError);
    expect((failure as Error).message).toMatch(new RegExp(`its ${what} depends? on the request`));
    expect((failure as Error).message).toContain('apiKey');
    expect((failure as Error).message).not.toContain('sk-of-a-tenant');
  });
});

describe('a session that cannot dispatch is refused at start', () => {
  it.each<[string, unknown]>([
    ['a function', fetch],
    ['undefined', undefined],
    ['null', null],
    ['an instance of Map', new Map()],
    ['an instance of Object', { request: () => {} }],
  ])('%s', async (described, session) => {
    const given = { useFactory: () => session as HttpSession };
    const failure = await start(LlmModule.forRoot({ session: given })).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LlmConfigurationError);
    expect((failure as Error).message).toContain(`the session is ${described}, which cannot dispatch`);
  });

  it('one that overrides the provider, too', async () => {
    const compiled = Test.createTestingModule({ imports: [LlmModule.forRoot()] })
      .overrideProvider(HTTP_SESSION)
      .useValue({})
      .compile();
    await expect(compiled).rejects.toThrow('which cannot dispatch');
  });
});

describe('http beside a session', () => {
  const session = { useFactory: () => ({ dispatch: () => true }) as unknown as HttpSession };
  const warnings = () => logs.entries.filter(({ text }) => text.includes('options.http has no effect'));

  it('is warned of', async () => {
    await start(LlmModule.forRoot({ session, http: { limit: 5 } }));
    expect(warnings()).toHaveLength(1);
  });

  it('each of them alone is not', async () => {
    await start(LlmModule.forRoot({ session }));
    await start(LlmModule.forRoot({ http: { limit: 5 } }));
    expect(warnings()).toEqual([]);
  });
});
