import { LlmConfigurationError } from '../errors/errors.js';
import { credentialsIn, credentialsInQuery, type HeldSecrets } from '../errors/redact.js';
import type { CircuitOptions } from '../transport/exchange/circuit-breaker.js';
import type { ResolvedRetry } from '../transport/exchange/retry.js';
import type { ResolvedTimeouts } from '../transport/exchange/timeout.interface.js';
import type { CallDefaults, ResponseLimits } from '../nest/llm-module-options.interface.js';
import type { CallOptions } from '../calls/call-options.interface.js';
import { DEFAULT_LIMITS, DEFAULT_RETRY, DEFAULT_TIMEOUT } from '../nest/llm.constants.js';
import { isHeaderValue } from '../providers/kit/connection.js';
import type {
  Authorize,
  Environment,
  ProviderAdapter,
  ProviderConnection,
  ProviderOptions,
} from '../providers/provider-adapter.interface.js';

/** All that calls to one provider share, worked out once. */
export interface ProviderClient {
  readonly adapter: ProviderAdapter;
  readonly origin: string;
  readonly host: string;
  /** Path of the base URL, before the operation's. */
  readonly path: string;
  /** Query of the base URL, after the operation's path. */
  readonly query: string;
  readonly unaryHeaders: Readonly<Record<string, string>>;
  readonly streamHeaders: Readonly<Record<string, string>>;
  readonly authorize: Authorize | undefined;
  readonly reject: ProviderConnection['reject'];
  /** What must not be shown of a call besides its headers. */
  readonly held: HeldSecrets;
  readonly pathOf: ProviderConnection['pathOf'];
  readonly timeout: ResolvedTimeouts;
  readonly retry: ResolvedRetry;
  readonly circuit: CircuitOptions | undefined;
  readonly limits: Readonly<Required<ResponseLimits>>;
  /** The header for an idempotency key, where the provider takes one. */
  readonly idempotencyHeader: string | undefined;
}

/** `over` on `base`; what is `undefined` in `over` counts as not given. */
export function override<Options extends object>(base: Options, over: Partial<Options> | undefined): Options {
  if (over === undefined) return base;
  const merged: Options = { ...base };
  for (const key in over) {
    const value = over[key];
    if (value !== undefined) merged[key] = value;
  }
  return merged;
}

/** Puts header sets together by their case-insensitive names; later sets win. */
function mergeHeaders(
  provider: string,
  ...sets: (Readonly<Record<string, string>> | undefined)[]
): Record<string, string> {
  const merged: Record<string, string> = {};
  for (const set of sets) {
    for (const name in set) {
      const value = set[name];
      if (value === undefined) continue;
      if (!isHeaderValue(value)) {
        throw new LlmConfigurationError(
          `${provider}: the header ${JSON.stringify(name)} is no text, or has a line break or a character in it that no header may have`,
          {
            code: 'invalid_header',
            provider,
          },
        );
      }
      merged[name.toLowerCase()] = value;
    }
  }
  return merged;
}

const UNARY_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json',
  'user-agent': 'nestjs-llm',
};
const STREAM_ACCEPT = { accept: 'text/event-stream' };

/** Where a provider is, as the module's options, and those of one call, have it. */
export function connectProvider(
  adapter: ProviderAdapter,
  options: ProviderOptions,
  env: Environment,
  { apiKey, baseURL }: CallOptions = {},
): ProviderConnection {
  return adapter.connect(override({ ...options }, { apiKey, baseURL }), env);
}

/** Makes the client of a provider, as the module's options, and those of one call, have it. */
export function createProviderClient(
  adapter: ProviderAdapter,
  connection: ProviderConnection,
  options: ProviderOptions,
  defaults: CallDefaults,
  call?: CallOptions,
): ProviderClient {
  const { provider } = adapter;
  const url = new URL(connection.baseURL);
  const unaryHeaders = mergeHeaders(
    provider,
    UNARY_HEADERS,
    defaults.headers,
    connection.headers,
    call?.headers,
  );
  return {
    adapter,
    origin: url.origin,
    host: url.host,
    path: url.pathname.replace(/\/+$/, ''),
    query: url.search,
    unaryHeaders,
    streamHeaders: mergeHeaders(
      provider,
      UNARY_HEADERS,
      STREAM_ACCEPT,
      defaults.headers,
      connection.headers,
      call?.headers,
    ),
    authorize: connection.authorize,
    reject: connection.reject,
    held: () => [
      ...credentialsInQuery(url.search),
      ...credentialsIn(options),
      ...(connection.held?.() ?? []),
    ],
    pathOf: connection.pathOf,
    timeout: override(override(override(DEFAULT_TIMEOUT, defaults.timeout), options.timeout), call?.timeout),
    retry: override(override(override(DEFAULT_RETRY, defaults.retry), options.retry), call?.retry),
    circuit: options.circuit ?? defaults.circuit,
    limits: override(DEFAULT_LIMITS, defaults.limits),
    idempotencyHeader: options.idempotencyHeader,
  };
}
