import type {
  FactoryProvider,
  InjectionToken,
  ModuleMetadata,
  OptionalFactoryDependency,
  Provider,
  Type,
} from '@nestjs/common';
import type { LlmOptions } from '../calls/llm-options.interface.js';
import type { HttpSessionOptions } from '../transport/session/http-session-options.interface.js';
import type { HttpSession } from '../transport/session/http-session.interface.js';

/**
 * Options of the module.
 *
 * @publicApi
 */
export interface LlmModuleOptions extends LlmOptions {
  /** The session that the module makes. Without effect when the application brings its own. */
  http?: HttpSessionOptions | undefined;
  /**
   * Opens a connection to these providers, or with `true` to those of `providers` and of the default model, while the
   * application starts. It delays the start by 5 s at most and never fails it.
   */
  warmUp?: boolean | readonly string[] | undefined;
  shutdown?: {
    /** Milliseconds that calls which are running at shutdown get to end. Default 10,000. */
    graceMs?: number | undefined;
  };
}

/** An entry of `inject`. */
export type Dependency = InjectionToken | OptionalFactoryDependency;

/** The values that a factory with these `inject` entries is called with. */
export type InjectedValues<Tokens extends readonly Dependency[]> = {
  [Index in keyof Tokens]: Tokens[Index] extends Type<infer Instance>
    ? Instance
    : Tokens[Index] extends { token: infer Token; optional: true }
      ? (Token extends Type<infer Instance> ? Instance : unknown) | undefined
      : Tokens[Index] extends { token: Type<infer Instance> }
        ? Instance
        : // A string or symbol token says nothing of its value.
          // oxlint-disable-next-line typescript/no-explicit-any
          any;
};

/**
 * The application's session. The module never closes it.
 *
 * @publicApi
 */
export type HttpSessionProvider =
  | (Pick<FactoryProvider<HttpSession>, 'useFactory' | 'inject'> & { useExisting?: never; useValue?: never })
  | { useExisting: InjectionToken; useFactory?: never; inject?: never; useValue?: never }
  | { useValue: HttpSession; useFactory?: never; inject?: never; useExisting?: never };

/**
 * What has to be known before any factory runs, since the injection tokens depend on it.
 *
 * @publicApi
 */
export interface LlmModuleStaticOptions {
  /** Name of this instance, for several side by side; see `getLlmServiceToken`. */
  name?: string | undefined;
  /** Makes the instance injectable everywhere without importing the module again. */
  isGlobal?: boolean | undefined;
  /** Modules whose exports the factories inject. */
  imports?: ModuleMetadata['imports'] | undefined;
  /** The application's own session, instead of one that the module makes. */
  session?: HttpSessionProvider | undefined;
  /** Further providers of the module, for the factories to inject. */
  extraProviders?: Provider[] | undefined;
}

/** @publicApi */
export interface LlmOptionsFactory {
  createLlmOptions(): LlmModuleOptions | Promise<LlmModuleOptions>;
}

/** @publicApi */
export type LlmModuleAsyncOptions<Tokens extends readonly Dependency[] = readonly Dependency[]> =
  LlmModuleStaticOptions &
    (
      | {
          useFactory: (...values: InjectedValues<Tokens>) => LlmModuleOptions | Promise<LlmModuleOptions>;
          inject?: readonly [...Tokens] | undefined;
          useClass?: never;
          useExisting?: never;
        }
      | { useClass: Type<LlmOptionsFactory>; useFactory?: never; inject?: never; useExisting?: never }
      | {
          useExisting: InjectionToken<LlmOptionsFactory>;
          useFactory?: never;
          inject?: never;
          useClass?: never;
        }
    );
