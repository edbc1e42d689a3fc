import type {
  FactoryProvider,
  InjectionToken,
  ModuleMetadata,
  OptionalFactoryDependency,
  Provider,
  Type,
} from '@nestjs/common';
import type { CircuitOptions } from '../transport/exchange/circuit-breaker.js';
import type { RetryOptions } from '../transport/exchange/retry.js';
import type { TimeoutOptions } from '../transport/exchange/timeout.interface.js';
import type { ProviderAdapter, ProviderOptions } from '../providers/provider-adapter.interface.js';
import type { HttpSessionOptions } from '../transport/session/http-session-options.interface.js';
import type { HttpSession } from '../transport/session/http-session.interface.js';

/**
 * Bounds of what a provider may send; past one the call fails with `APIResponseValidationError`.
 *
 * @publicApi
 */
export interface ResponseLimits {
  /** A body that is read whole, in bytes after decompression. Default 64 MiB: several times the largest batch of embeddings. */
  responseSize?: number;
  /** One event of a stream, in characters. Default 16 Mi: room for an image. */
  eventSize?: number;
  /** Tool calls of one answer. Default 128. */
  toolCalls?: number;
}

/**
 * What applies to every call, under what its provider and the call itself say.
 *
 * @publicApi
 */
export interface CallDefaults {
  /** The model of a request that names none, as `provider/model`. */
  model?: string;
  /** The provider of a model name without a prefix. Default `openai`. */
  provider?: string;
  /** Time limits in milliseconds. */
  timeout?: TimeoutOptions;
  retry?: RetryOptions;
  /** Refuse calls to a provider that fails again and again. Off unless set. */
  circuit?: CircuitOptions;
  limits?: ResponseLimits;
  /** Headers of every request to every provider: none that holds a credential. */
  headers?: Record<string, string>;
  /** Leave out request fields that a provider lacks, rather than fail; `meta.droppedParams` names them. */
  dropParams?: boolean;
}

/** @publicApi */
export interface LlmOptions {
  /** By provider prefix. */
  providers?: Record<string, ProviderOptions & Record<string, unknown>>;
  /** The user's own providers. */
  adapters?: readonly ProviderAdapter[];
  defaults?: CallDefaults;
  /**
   * The only models that may be called, for what takes their names from its clients: `openai/gpt-5`, a prefix with `*`
   * behind it (`openai/gpt-5*`), or a provider (`anthropic`, the same as `anthropic/*`). Any other one is a
   * `BadRequestError` with the code `model_not_allowed`, before anything is sent; fallbacks, and the lists of further
   * models that gateways take, count too. Default: all.
   */
  allow?: readonly string[];
}

/**
 * Options of the module.
 *
 * @publicApi
 */
export interface LlmModuleOptions extends LlmOptions {
  /** The session that the module makes. Without effect when the application brings its own. */
  http?: HttpSessionOptions;
  /**
   * Opens a connection to these providers, or with `true` to those of `providers` and of the default model, while the
   * application starts. It delays the start by 5 s at most and never fails it.
   */
  warmUp?: boolean | readonly string[];
  shutdown?: {
    /** Milliseconds that calls which are running at shutdown get to end. Default 10,000. */
    graceMs?: number;
  };
}

type Dependency = InjectionToken | OptionalFactoryDependency;

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
  name?: string;
  /** Makes the instance injectable everywhere without importing the module again. */
  isGlobal?: boolean;
  /** Modules whose exports the factories inject. */
  imports?: ModuleMetadata['imports'];
  /** The application's own session, instead of one that the module makes. */
  session?: HttpSessionProvider;
  /** Further providers of the module, for the factories to inject. */
  extraProviders?: Provider[];
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
          inject?: readonly [...Tokens];
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
