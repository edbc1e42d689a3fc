import {
  APIUserAbortError,
  DEFAULT_RETRY,
  DEFAULT_TIMEOUT,
  LlmError,
  type HttpReply,
  type LlmHandler,
  type TimeoutOptions,
} from '../index.js';
import { BodyStream } from './body-stream.js';

/**
 * How requests of a `fetch` over the session are carried.
 *
 * @publicApi
 */
export interface SessionFetchOptions {
  /** What statistics and errors call these requests. Default: the host that is called. */
  provider?: string;
  /** Limits in milliseconds, over the package's own; the SDK's own time limit ends a request as well. */
  timeout?: TimeoutOptions;
  /** The largest body in bytes, after decompression. Default 64 MiB. */
  maxResponseSize?: number;
}

const MAX_RESPONSE_SIZE = 64 * 1024 * 1024;

/** @see {@link https://fetch.spec.whatwg.org/#http-redirect-fetch} */
const MAX_REDIRECTS = 20;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const CREDENTIALS = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'host',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
];
const WITHOUT_BODY = new Set([204, 205, 304]);

/** A request of `fetch`, with its body in hand. */
interface Sent {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Buffer | null;
  readonly signal: AbortSignal;
}

/**
 * A WHATWG `fetch` over the injected session, for the SDKs of providers: the session's limits, proxy, TLS, statistics
 * and shutdown hold for them, too. The global `fetch` is not touched.
 *
 * ```ts
 * const openai = new OpenAI({ fetch: sessionFetch(handler) });
 * ```
 *
 * The body of a request is read whole before it is sent. Nothing is sent again but what a stale connection lost:
 * retries are the SDK's.
 *
 * @returns a function that rejects as `fetch` does: with the signal's reason, or a `TypeError` whose `cause` is the
 * {@link LlmError} with phase and advice
 * @publicApi
 */
export function sessionFetch(
  handler: LlmHandler,
  options: SessionFetchOptions = {},
): typeof globalThis.fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    let sent: Sent = {
      url: new URL(request.url),
      method: request.method,
      headers: request.headers,
      body: request.body === null ? null : Buffer.from(await request.arrayBuffer()),
      signal: request.signal,
    };
    for (let redirects = 0; ; redirects++) {
      const response = await send(handler, sent, options);
      const location = REDIRECTS.has(response.status) ? response.headers.get('location') : null;
      if (location === null || request.redirect === 'manual') return finished(response, sent, redirects > 0);
      await response.body?.cancel();
      if (request.redirect === 'error')
        throw failed(`${sent.url.host} redirects, which this request forbids`);
      if (redirects === MAX_REDIRECTS)
        throw failed(`${sent.url.host} redirects more than ${MAX_REDIRECTS} times`);
      sent = redirected(sent, response.status, location);
    }
  };
}

async function send(
  handler: LlmHandler,
  { url, method, headers, body, signal }: Sent,
  { provider = url.host, timeout, maxResponseSize = MAX_RESPONSE_SIZE }: SessionFetchOptions,
): Promise<Response> {
  let refused: HttpReply | undefined;
  const model = provider;
  const toReason = (error: LlmError): unknown =>
    signal.aborted ? signal.reason : new TypeError('fetch failed', { cause: error });
  const reader = new BodyStream(
    toReason,
    (reason) =>
      new APIUserAbortError(`${provider}: the consumer left the response`, {
        provider,
        phase: 'body',
        cause: reason,
      }),
  );
  try {
    signal.throwIfAborted();
    await handler.send({
      provider,
      model,
      origin: url.origin,
      path: url.pathname + url.search,
      method: method as 'GET',
      headers: Object.fromEntries(headers),
      body,
      timeout: { ...DEFAULT_TIMEOUT, ...defined(timeout) },
      retry: { ...DEFAULT_RETRY, maxRetries: 0 },
      maxResponseSize,
      signal,
      reader,
      readError: (reply) => {
        refused = reply;
        return new LlmError(`${provider} answered ${reply.status}`, { provider, status: reply.status });
      },
    });
  } catch (error) {
    if (refused !== undefined) return toResponse(refused, refused.body);
    throw error instanceof LlmError ? toReason(error) : error;
  }
  return toResponse(reader.reply!, reader.stream);
}

function toResponse(
  { status, headers }: HttpReply,
  body: ReadableStream<Uint8Array> | Buffer | null,
): Response {
  const list = Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value ?? '']).map((one): [string, string] => [name, one]),
  );
  return new Response(WITHOUT_BODY.has(status) ? null : body, { status, headers: list });
}

/** What the constructor of a response cannot be told. */
function finished(response: Response, { url }: Sent, redirected: boolean): Response {
  return Object.defineProperties(response, {
    url: { value: url.href, configurable: true },
    redirected: { value: redirected, configurable: true },
  });
}

/** The request that a redirect leads to. @see {@link https://fetch.spec.whatwg.org/#http-redirect-fetch} */
function redirected(sent: Sent, status: number, location: string): Sent {
  const url = new URL(location, sent.url);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw failed(`${sent.url.host} redirects to no http URL`);
  const headers = new Headers(sent.headers);
  if (url.origin !== sent.url.origin) for (const name of CREDENTIALS) headers.delete(name);
  const toGet =
    (status === 303 && sent.method !== 'GET' && sent.method !== 'HEAD') ||
    ((status === 301 || status === 302) && sent.method === 'POST');
  if (!toGet) return { ...sent, url, headers };
  for (const name of Array.from(headers.keys())) if (name.startsWith('content-')) headers.delete(name);
  return { ...sent, url, headers, method: 'GET', body: null };
}

function failed(message: string): TypeError {
  return new TypeError('fetch failed', { cause: new LlmError(message) });
}

function defined(timeout: TimeoutOptions | undefined): TimeoutOptions {
  return Object.fromEntries(Object.entries(timeout ?? {}).filter(([, value]) => value !== undefined));
}
