import { Module, type DynamicModule, type FactoryProvider, type Provider } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type {
  HttpSessionProvider,
  LlmModuleAsyncOptions,
  LlmModuleOptions,
  LlmModuleStaticOptions,
  LlmOptionsFactory,
} from './nest/llm-module-options.interface.js';
import { validateOptions } from './nest/options/validate-options.js';
import { DuplicateWarning } from './nest/llm.duplicates.js';
import { SessionCheck, checkSession } from './nest/session-check.js';
import { DEFAULT_GRACE_MS, LlmHandler } from './llm.handler.js';
import { LlmService } from './llm.service.js';
import { LlmShutdown } from './nest/llm.shutdown.js';
import { LlmStartup } from './nest/llm.startup.js';
import { createHttpSession } from './transport/session/create-http-session.js';
import type { HttpSession } from './transport/session/http-session.interface.js';
import { SessionOwner } from './transport/session/session-owner.js';
import {
  getDuplicateWarningToken,
  getHttpSessionToken,
  getLlmHandlerToken,
  getLlmOptionsToken,
  getLlmServiceToken,
  getLlmShutdownToken,
  getLlmStartupToken,
  getSessionCheckToken,
  getSessionOwnerToken,
} from './nest/get-token.util.js';

type Dependencies = NonNullable<FactoryProvider['inject']>;

/**
 * LLM completions over an HTTP session that the application owns.
 *
 * @publicApi
 */
@Module({})
export class LlmModule {
  /**
   * Registers the module with options that are known now. Keys come from the environment where none are given.
   *
   * @throws {LlmConfigurationError} at start, naming the option that is wrong
   */
  static forRoot(options: LlmModuleOptions & LlmModuleStaticOptions = {}): DynamicModule {
    const { name, isGlobal, imports, session, extraProviders, ...rest } = options;
    return build({ name, isGlobal, imports, session, extraProviders }, [
      optionsProvider(name, () => rest, []),
    ]);
  }

  /**
   * Registers the module with options that a factory, or a class, gives. `name`, `isGlobal`, `imports`, `session`
   * and `extraProviders` stand beside it: tokens are made before factories run.
   *
   * @throws {LlmConfigurationError} at start, naming the option that is wrong
   */
  static forRootAsync<const Tokens extends Dependencies = []>(
    options: LlmModuleAsyncOptions<Tokens>,
  ): DynamicModule {
    return build(options, asyncProviders(options));
  }
}

function build(options: LlmModuleStaticOptions, optionsProviders: Provider[]): DynamicModule {
  const { name, isGlobal = false, imports = [], session, extraProviders = [] } = options;
  const owner = getSessionOwnerToken(name);
  const handler = getLlmHandlerToken(name);
  const service = getLlmServiceToken(name);
  const resolved = getLlmOptionsToken(name);
  const duplicates = getDuplicateWarningToken(name);
  const check = getSessionCheckToken(name);
  const checked = { check, options: resolved, session: getHttpSessionToken(name) };
  return {
    module: LlmModule,
    global: isGlobal,
    imports,
    providers: [
      ...optionsProviders,
      ...extraProviders,
      { provide: owner, useFactory: () => new SessionOwner() },
      sessionProvider(name, session),
      {
        provide: handler,
        useFactory: (made: HttpSession, owned: SessionOwner) =>
          new LlmHandler({ session: checkSession(made, name) }, owned),
        inject: [getHttpSessionToken(name), owner],
      },
      {
        provide: service,
        useFactory: (made: LlmHandler, given: LlmModuleOptions) => new LlmService(made, given),
        inject: [handler, resolved],
      },
      {
        provide: getLlmShutdownToken(name),
        useFactory: (
          made: LlmHandler,
          owned: SessionOwner,
          given: LlmModuleOptions,
          host?: HttpAdapterHost,
        ) => new LlmShutdown(made, owned, given.shutdown?.graceMs ?? DEFAULT_GRACE_MS, host),
        inject: [handler, owner, resolved, { token: HttpAdapterHost, optional: true }],
      },
      {
        provide: check,
        useFactory: (modules: ModulesContainer) =>
          new SessionCheck(name, checked, modules, session !== undefined),
        inject: [ModulesContainer],
      },
      {
        provide: duplicates,
        useFactory: (modules: ModulesContainer) => new DuplicateWarning(name, duplicates, modules),
        inject: [ModulesContainer],
      },
      {
        provide: getLlmStartupToken(name),
        useFactory: (made: LlmService, given: LlmModuleOptions) =>
          new LlmStartup(made, given.warmUp ?? false),
        inject: [service, resolved],
      },
    ],
    exports: [service, handler, getHttpSessionToken(name)],
  };
}

function optionsProvider(
  name: string | undefined,
  useFactory: (...values: never[]) => LlmModuleOptions | Promise<LlmModuleOptions>,
  inject: Dependencies,
): Provider {
  return {
    provide: getLlmOptionsToken(name),
    useFactory: async (...values: never[]) => validateOptions(await useFactory(...values), name),
    inject,
  };
}

function asyncProviders({
  name,
  useFactory,
  useClass,
  useExisting,
  inject,
}: LlmModuleAsyncOptions): Provider[] {
  if (useFactory !== undefined) return [optionsProvider(name, useFactory, [...(inject ?? [])])];
  const fromFactory = (factory: LlmOptionsFactory) => factory.createLlmOptions();
  if (useExisting !== undefined) return [optionsProvider(name, fromFactory, [useExisting])];
  return [{ provide: useClass, useClass }, optionsProvider(name, fromFactory, [useClass])];
}

function sessionProvider(name: string | undefined, session: HttpSessionProvider | undefined): Provider {
  const provide = getHttpSessionToken(name);
  if (session !== undefined) return { provide, ...session } as Provider;
  return {
    provide,
    // Only what is made here is owned: a session that replaces this provider never comes by.
    useFactory: async (owner: SessionOwner, options: LlmModuleOptions) =>
      owner.own(await createHttpSession(options.http)),
    inject: [getSessionOwnerToken(name), getLlmOptionsToken(name)],
  };
}
