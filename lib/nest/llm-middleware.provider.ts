import { Logger, type FactoryProvider, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { LlmMiddleware } from '../calls/chain.js';
import { LlmConfigurationError } from '../errors/errors.js';
import type { LlmService } from '../llm.service.js';
import { getLlmServiceToken } from './get-token.util.js';
import type { Dependency, InjectedValues } from './llm-module-options.interface.js';

/** @publicApi */
export interface LlmMiddlewareProviderOptions<Tokens extends readonly Dependency[] = readonly Dependency[]> {
  /** Whose calls are wrapped: the `name` of the `LlmModule`; without it the unnamed one. */
  name?: string | undefined;
  /**
   * What it is, for what may be there only once: a second one of the same kind on the same service is left out, with a
   * warning, so that no call is counted twice.
   */
  kind?: string | undefined;
  useFactory: (...values: InjectedValues<Tokens>) => LlmMiddleware | Promise<LlmMiddleware>;
  inject?: readonly [...Tokens] | undefined;
}

/**
 * A provider that wraps the calls of an `LlmService`, for any module of the application: neither has to import the other,
 * and their order does not matter. It stands outside of the middleware in the options of `LlmModule`.
 *
 * ```ts
 * @Module({ providers: [Audit, provideLlmMiddleware({ useFactory: (audit: Audit) => audit.middleware, inject: [Audit] })] })
 * export class AuditModule {}
 * ```
 *
 * @throws {LlmConfigurationError} at start, where the application has no `LlmModule` of that name
 * @publicApi
 */
export function provideLlmMiddleware<const Tokens extends readonly Dependency[] = []>({
  name,
  kind,
  useFactory,
  inject,
}: LlmMiddlewareProviderOptions<Tokens>): FactoryProvider {
  return {
    provide: Symbol(`nestjs-llm:MIDDLEWARE:${kind ?? ''}`),
    useFactory: async (modules: ModuleRef, ...values: InjectedValues<Tokens>) =>
      new LlmMiddlewareAttachment(name, kind, await useFactory(...values), modules),
    inject: [ModuleRef, ...(inject ?? [])],
  };
}

/** What is attached to a service already. */
const attached = new WeakMap<LlmService, Set<string>>();

class LlmMiddlewareAttachment implements OnModuleInit {
  constructor(
    private readonly name: string | undefined,
    private readonly kind: string | undefined,
    private readonly middleware: LlmMiddleware,
    private readonly modules: ModuleRef,
  ) {}

  onModuleInit(): void {
    for (const service of new Set(this.services())) {
      // One that a test put in its place need not have it.
      if (typeof service.use === 'function' && this.isFirst(service)) service.use(this.middleware);
    }
  }

  private services(): LlmService[] {
    try {
      return this.modules.get(getLlmServiceToken(this.name) as symbol, { strict: false, each: true });
    } catch {
      const which = this.name === undefined ? 'without a name' : `named "${this.name}"`;
      throw new LlmConfigurationError(
        `${this.kind ?? 'a middleware'} is to wrap the calls of the LlmModule ${which}, and the application has none; give the name of the one that it has, or import LlmModule.forRoot()`,
      );
    }
  }

  private isFirst(service: LlmService): boolean {
    if (this.kind === undefined) return true;
    const kinds = attached.get(service) ?? new Set();
    attached.set(service, kinds);
    if (kinds.has(this.kind)) {
      new Logger('LlmModule').warn(
        `${this.kind} is registered twice for the same LlmModule; the second one is left out`,
      );
      return false;
    }
    kinds.add(this.kind);
    return true;
  }
}
