import { Logger, type InjectionToken, type OnModuleInit } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { LlmConfigurationError } from '../errors/errors.js';
import type { HttpSession } from '../transport/session/http-session.interface.js';
import type { LlmModuleOptions } from './llm-module-options.interface.js';

/** What {@link SessionCheck} looks at. */
export interface CheckedTokens {
  /** Its own: the module that has it is the one to look at. */
  readonly check: symbol;
  readonly options: symbol;
  readonly session: InjectionToken;
}

/** Refuses at start what would make a session a request, and warns of options that have no effect. */
export class SessionCheck implements OnModuleInit {
  constructor(
    private readonly name: string | undefined,
    private readonly tokens: CheckedTokens,
    private readonly modules: ModulesContainer,
    /** Whether the application brings the session. */
    private readonly isGiven: boolean,
  ) {}

  onModuleInit(): void {
    const module = [...this.modules.values()].find(
      ({ providers }) => providers.get(this.tokens.check)?.instance === this,
    );
    const options = module?.providers.get(this.tokens.options);
    const session = module?.providers.get(this.tokens.session);
    for (const [what, provider] of [
      ['options depend', options],
      ['session depends', session],
    ] as const) {
      if (provider?.isDependencyTreeStatic() === false) throw this.scopeError(what);
    }
    const given = options?.instance as LlmModuleOptions | undefined;
    if (this.isGiven && given?.http !== undefined) {
      new Logger('LlmModule').warn(
        `${titleOf(this.name)}: options.http has no effect beside a session of the application's own; set up that session instead`,
      );
    }
  }

  private scopeError(what: string): LlmConfigurationError {
    return new LlmConfigurationError(
      `${titleOf(this.name)}: its ${what} on the request (REQUEST, or a request-scoped or durable provider), so that each request would get connections of its own, which nobody closes. Give a tenant's key with the call, completion(request, { apiKey }), or as a function, providers.<name>.apiKey, that reads it from AsyncLocalStorage`,
    );
  }
}

/**
 * The session itself, if it is one.
 *
 * @throws {LlmConfigurationError} where it has no `dispatch()`
 */
export function checkSession(session: HttpSession, name: string | undefined): HttpSession {
  if (typeof (session as HttpSession | null | undefined)?.dispatch === 'function') return session;
  throw new LlmConfigurationError(
    `${titleOf(name)}: the session is ${describe(session)}, which cannot dispatch: an undici Agent, Pool, Client or ProxyAgent can, and what composes one`,
  );
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  return `an instance of ${(value.constructor as { name?: string } | undefined)?.name ?? 'no class'}`;
}

function titleOf(name: string | undefined): string {
  return name === undefined ? 'LlmModule' : `LlmModule "${name}"`;
}
