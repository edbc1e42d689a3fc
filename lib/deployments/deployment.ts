import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { excerptOf, fromHttpError, type ProviderErrorDetail } from '../errors/http-error.js';
import type { LlmError } from '../errors/llm.error.js';
import { credentialsIn, credentialsInQuery, type HeldSecrets } from '../errors/redact.js';
import type { FormatContext, ProviderRequest } from '../operations/format-context.interface.js';
import { errorContextOf, readError } from '../operations/read-document.js';
import { withoutSlashes } from '../providers/kit/connection.js';
import { parseOrText } from '../wire/parse-or-text.js';
import type {
  Authorize,
  ProviderAdapter,
  ProviderConnection,
  ProviderOperations,
} from '../providers/provider-adapter.interface.js';
import { expired } from '../transport/exchange/call-errors.js';
import type { CircuitOptions } from '../transport/exchange/circuit-breaker.js';
import type { BodyTaker, HttpReply, HttpRequest } from '../transport/exchange/http-request.interface.js';
import { ProviderHealth } from '../transport/exchange/provider-health.js';
import type { ResolvedRetry } from '../transport/exchange/retry.js';
import type { ResolvedTimeouts } from '../transport/exchange/timeout.interface.js';
import type { Transport } from '../transport/exchange/transport.interface.js';
import type { HttpSession } from '../transport/session/http-session.interface.js';
import { credentialsExchange } from './credentials-exchange.js';
import { mergeHeaders } from './merge-headers.js';
import { override } from './override.js';
import { DEFAULT_LIMITS, DEFAULT_RETRY, DEFAULT_TIMEOUT } from './defaults.js';
import type {
  CallDefaults,
  CallOptions,
  ProviderOptions,
  ResponseLimits,
} from './deployment-options.interface.js';

/** What a deployment has to know of the call that it sends for. */
export interface DeploymentCall extends FormatContext {
  readonly options: CallOptions;
  readonly signal: AbortSignal | undefined;
  /** When its first request was sent, a time of performance.now(): `timeout.total` counts from there. */
  readonly sentAt: number;
  /** Whether there are other places for it, so that this one is not asked again. */
  readonly othersLeft?: boolean;
}

const UNARY_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json',
  'user-agent': 'nestjs-llm',
};
const STREAM_HEADERS = { ...UNARY_HEADERS, accept: 'text/event-stream' };

const MAY_REFUSE_CREDENTIALS = new Set([400, 401, 403]);

/**
 * A provider at an address, with credentials: what calls to it share, worked out once, and what is known of its health.
 * A call's own limits and headers are laid over it as it sends.
 */
export class Deployment {
  readonly provider: string;
  readonly options: ProviderOptions & Readonly<Record<string, unknown>>;
  readonly operations: ProviderOperations;
  readonly origin: string;
  readonly host: string;
  readonly limits: Readonly<Required<ResponseLimits>>;
  /** What must not be shown of a call besides its headers. */
  readonly held: HeldSecrets = () => [
    ...credentialsInQuery(this.query),
    ...credentialsIn(this.options),
    ...(this.connection.held?.() ?? []),
  ];
  /** Path of the base URL, before the operation's. */
  private readonly path: string;
  /** Query of the base URL, after the operation's path. */
  private readonly query: string;
  private readonly unaryHeaders: Readonly<Record<string, string>>;
  private readonly streamHeaders: Readonly<Record<string, string>>;
  private readonly timeout: ResolvedTimeouts;
  private readonly retry: ResolvedRetry;
  private readonly circuit: CircuitOptions | undefined;

  constructor(
    readonly adapter: ProviderAdapter,
    private readonly connection: ProviderConnection,
    options: ProviderOptions & Readonly<Record<string, unknown>>,
    defaults: CallDefaults,
    private readonly transport: Transport,
    /** Its name among several that the same calls may go to. */
    readonly place?: string,
    readonly health = new ProviderHealth(),
  ) {
    const { provider } = adapter;
    const url = new URL(connection.baseURL);
    const headers = [defaults.headers, connection.headers] as const;
    this.provider = provider;
    this.options = connection.settings === undefined ? options : { ...options, ...connection.settings };
    this.operations = operationsOf(adapter);
    this.origin = url.origin;
    this.host = url.host;
    this.path = withoutSlashes(url.pathname);
    this.query = url.search;
    this.unaryHeaders = mergeHeaders(provider, UNARY_HEADERS, ...headers);
    this.streamHeaders = mergeHeaders(provider, STREAM_HEADERS, ...headers);
    this.timeout = override(override(DEFAULT_TIMEOUT, defaults.timeout), options.timeout);
    this.retry = override(override(DEFAULT_RETRY, defaults.retry), options.retry);
    // Whoever chooses between places leaves those alone that fail.
    this.circuit = place === undefined ? (options.circuit ?? defaults.circuit) : undefined;
    this.limits = override(DEFAULT_LIMITS, defaults.limits);
  }

  /** What a log or a serializer is shown: nothing of its credentials. */
  toJSON(): object {
    const { provider, origin } = this;
    return { provider, origin };
  }

  [inspect.custom](): object {
    return this.toJSON();
  }

  /** Where it is, for people and statistics; nothing of its credentials. */
  get id(): string {
    return this.place ?? `${this.provider}@${this.host}`;
  }

  /**
   * Sends a translated request, with its retries.
   *
   * @param taker takes the body
   * @param signal over the call's own
   * @returns the reply with its body; with a reader, when the response headers are in
   */
  send(
    call: DeploymentCall,
    translated: ProviderRequest,
    taker: BodyTaker = {},
    signal = call.signal,
  ): Promise<HttpReply> {
    const request = new DeploymentRequest(this, call, translated, taker, signal);
    const { total } = request.timeout;
    if (total > 0 && performance.now() - call.sentAt >= total)
      return Promise.reject(expired(request, 'total', total));
    return this.transport.send(request);
  }

  /** Has the provider's error read out of a body, JSON where it is that, otherwise text. */
  readError(body: unknown, status: number): ProviderErrorDetail | undefined {
    return this.adapter.readError(body, status);
  }

  /** Makes the typed error of a reply with an error status. */
  toError(reply: HttpReply, { provider, model }: FormatContext): LlmError {
    const text = reply.body!.toString();
    const base = errorContextOf(reply, { provider, model, deployment: this });
    const detail = readError(this, parseOrText(text), reply.status) ?? {
      message: excerptOf(text, base.secrets),
    };
    const { status, headers, sentHeaders } = reply;
    const refused = { status, headers, sentHeaders, message: `${detail.type} ${detail.message}` };
    const retryable = MAY_REFUSE_CREDENTIALS.has(status) && this.connection.reject?.(refused) === true;
    return fromHttpError(detail, { ...base, ...(retryable && { retryable }) });
  }

  pathOf({ path }: ProviderRequest, model: string): string {
    const { pathOf } = this.connection;
    return this.path + withQuery(pathOf === undefined ? path : pathOf(path, model), this.query);
  }

  headersOf({ body, headers: own }: ProviderRequest, streamed: boolean, { headers: given }: CallOptions) {
    const shared = streamed ? this.streamHeaders : this.unaryHeaders;
    const { idempotencyHeader } = this.options;
    if (own === undefined && given === undefined && idempotencyHeader === undefined && body !== null)
      return shared;
    const headers = {
      ...(given === undefined ? shared : mergeHeaders(this.provider, shared, given)),
      ...own,
      ...(idempotencyHeader !== undefined && { [idempotencyHeader]: randomUUID() }),
    };
    if (body === null) delete headers['content-type'];
    return headers;
  }

  timeoutOf({ timeout }: CallOptions): ResolvedTimeouts {
    return override(this.timeout, timeout);
  }

  retryOf({ retry }: CallOptions): ResolvedRetry {
    return override(this.retry, retry);
  }

  get circuitOptions(): CircuitOptions | undefined {
    return this.circuit;
  }

  /** What makes the credentials of an attempt; `undefined` where they are in the headers already. */
  authorizeFor(call: DeploymentCall, request: HttpRequest): HttpRequest['authorize'] {
    const { authorize } = this.connection;
    return authorize && (() => this.authorize(authorize, call, request));
  }

  private authorize(
    authorize: Authorize,
    call: DeploymentCall,
    { method, path, headers, body, model, timeout, retry }: HttpRequest,
  ): ReturnType<Authorize> {
    const { provider, limits, transport } = this;
    const exchange = credentialsExchange(transport, {
      provider,
      model,
      timeout,
      retry,
      held: this.held,
      maxResponseSize: limits.responseSize,
      session: call.options.session,
    });
    return authorize({ method, url: this.origin + path, headers, body }, exchange);
  }
}

/** A request as the transport sends it. */
class DeploymentRequest implements HttpRequest {
  readonly provider: string;
  readonly model: string;
  readonly origin: string;
  readonly place: string | undefined;
  readonly path: string;
  readonly method: HttpRequest['method'];
  readonly headers: Record<string, string>;
  readonly body: string | Buffer | null;
  readonly held: HeldSecrets;
  readonly timeout: ResolvedTimeouts;
  readonly retry: ResolvedRetry;
  readonly circuit: CircuitOptions | undefined;
  readonly health: ProviderHealth;
  readonly startedAt: number;
  readonly maxResponseSize: number;
  readonly session: HttpSession | undefined;
  readonly authorize: HttpRequest['authorize'];
  readonly reader: HttpRequest['reader'];
  readonly accept: HttpRequest['accept'];
  readonly tokens: HttpRequest['tokens'];

  constructor(
    private readonly deployment: Deployment,
    private readonly call: DeploymentCall,
    translated: ProviderRequest,
    { reader, accept, tokens }: BodyTaker,
    readonly signal: AbortSignal | undefined,
  ) {
    const { options } = call;
    this.reader = reader;
    this.accept = accept;
    this.tokens = tokens;
    this.provider = deployment.provider;
    this.model = `${deployment.provider}/${call.model}`;
    this.origin = deployment.origin;
    this.path = deployment.pathOf(translated, call.model);
    this.method = translated.method ?? 'POST';
    this.headers = deployment.headersOf(translated, reader !== undefined, options);
    this.body = translated.body;
    this.held = deployment.held;
    this.timeout = deployment.timeoutOf(options);
    const retry = deployment.retryOf(options);
    this.retry = call.othersLeft === true ? { ...retry, maxRetries: 0 } : retry;
    this.place = deployment.place;
    this.circuit = deployment.circuitOptions;
    this.health = deployment.health;
    this.startedAt = call.sentAt;
    this.maxResponseSize = deployment.limits.responseSize;
    this.session = options.session;
    this.authorize = deployment.authorizeFor(call, this);
  }

  readError(reply: HttpReply): LlmError {
    return this.deployment.toError(reply, this.call);
  }
}

/** The query of a base URL, behind that of the operation where it has one. */
function withQuery(path: string, query: string): string {
  return query !== '' && path.includes('?') ? `${path}&${query.slice(1)}` : path + query;
}

/** What a provider does, its short forms included. */
export function operationsOf({ completion, embedding, operations }: ProviderAdapter): ProviderOperations {
  return { chat: completion, embeddings: embedding, ...operations };
}
