import type { HttpDispatchHandler, HttpDispatchOptions, HttpHeaders, HttpSession } from '../index.js';
import { Exchange, refuseClosed, socketError } from './exchange.js';
import type { FakeAnswer, FakeBody, FakeContent, FakeReplyOptions } from './fake-answer.interface.js';
import type { FakeRequest } from './fake-request.interface.js';
import { readRequest } from './fake-request.js';
import { FakeRule, type Cut, type FakeAction, type FakeMatch } from './fake-rule.js';
import { UnexpectedRequestError } from './unexpected-request.error.js';
import { completeAnswer, operationOf } from './wires/complete-answer.js';
import { openAIError } from './wires/openai.wire.js';
import type { Wire, WirePart } from './wires/wire.interface.js';

/** No callback comes before dispatch() has returned. */
const DISPATCHED = Promise.resolve();

interface Body {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly parts: readonly WirePart[];
}

/**
 * A session without a network: it answers as the provider that a request is for would, in its own format, and everything
 * above it is real. No key is needed.
 *
 * ```ts
 * const llm = new FakeHttpSession();
 * llm.on('anthropic/claude-sonnet-4-5').fail(429, { retryAfter: 0 }).reply(['Hel', 'lo']);
 * ```
 *
 * @publicApi
 */
export class FakeHttpSession implements HttpSession {
  readonly needsNoCredentials = true;
  /** What was sent, in its order. */
  readonly requests: FakeRequest[] = [];
  closed = false;
  destroyed = false;
  private readonly rules: FakeRule[] = [];
  private readonly running = new Set<Exchange>();
  private readonly unexpected: string[] = [];
  private onIdle: (() => void) | undefined;

  /** Adds a rule. The first one, in the order of their making, that a request fits, and that is not used up, answers. */
  on(match: FakeMatch = {}): FakeRule {
    const rule = new FakeRule(match);
    this.rules.push(rule);
    return rule;
  }

  /** Short for `on().reply()`: answers every request that no earlier rule is for. */
  reply(answer: FakeAnswer, options?: FakeReplyOptions): FakeRule {
    return this.on().reply(answer, options);
  }

  /** Requests whose answer has not ended: 0 after a test, unless something leaks. */
  get active(): number {
    return this.running.size;
  }

  /**
   * @throws {Error} when an answer was not asked for, or a request came that no rule was for
   */
  assertDone(): void {
    const left = this.rules.map((rule) => rule.left).filter((one) => one !== undefined);
    const faults = [...left.map((one) => `not asked for: ${one}`), ...this.unexpected];
    if (faults.length > 0) throw new Error(faults.join('\n'));
  }

  dispatch(options: HttpDispatchOptions, handler: HttpDispatchHandler): boolean {
    if (this.closed) return refuseClosed(handler, this.destroyed);
    const { request, wire } = readRequest(options);
    const exchange = new Exchange(handler, () => {
      request.aborted = exchange.aborted;
      this.running.delete(exchange);
      if (this.running.size === 0) this.onIdle?.();
    });
    this.running.add(exchange);
    // Warming up asks for nothing: it gives the request up as soon as there is a connection.
    const isWarmUp = options.method === 'GET' && options.path === '/';
    void (isWarmUp ? answerWarmUp(exchange) : this.carryOut(request, wire, exchange));
    return true;
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.running.size > 0) await new Promise<void>((resolve) => (this.onIdle = resolve));
  }

  destroy(error?: Error | null): Promise<void> {
    this.closed = true;
    this.destroyed = true;
    for (const exchange of this.running)
      exchange.abort(error ?? socketError('UND_ERR_DESTROYED', 'The session is destroyed'));
    return Promise.resolve();
  }

  private async carryOut(request: FakeRequest, wire: Wire | undefined, exchange: Exchange): Promise<void> {
    await DISPATCHED;
    if (exchange.over) return;
    const action = this.actionFor(request);
    if (action instanceof Error || action?.kind !== 'refuse') exchange.start();
    // Given up before it was sent.
    if (exchange.over) return;
    this.requests.push(request);
    if (action === undefined || action instanceof Error) {
      return exchange.fail(action ?? this.unexpectedError(`unexpected request ${describe(request)}`));
    }
    if (action.kind === 'refuse')
      return exchange.fail(socketError(action.code, `connect ${action.code}`), false);
    const { delayMs = 0, firstDelayMs = delayMs } = action.options;
    await exchange.sleep(firstDelayMs);
    try {
      const headers = { 'x-request-id': `fake-${this.requests.length}` };
      await deliver(exchange, action, await bodyOf(action, request, wire, headers));
    } catch (error) {
      exchange.fail(this.unexpectedError(`no answer to ${describe(request)}`, error as Error));
    }
  }

  /** A predicate of the test's may throw. */
  private actionFor(request: FakeRequest): FakeAction | Error | undefined {
    try {
      return this.rules.find((rule) => rule.matches(request))?.next();
    } catch (error) {
      return this.unexpectedError(`a predicate failed on ${describe(request)}`, error as Error);
    }
  }

  private unexpectedError(what: string, cause?: Error): UnexpectedRequestError {
    const rules = this.rules.map((rule) => `on ${rule.toString()}`).join('; ');
    const known = rules === '' ? 'there are no rules' : `no rule is for it; there are: ${rules}`;
    const message =
      cause === undefined
        ? `${what}: ${known}. Add one with on(...).reply(...)`
        : `${what}: ${cause.message}`;
    this.unexpected.push(message);
    return new UnexpectedRequestError(message, cause);
  }
}

async function answerWarmUp(exchange: Exchange): Promise<void> {
  await DISPATCHED;
  exchange.start();
  exchange.respond(404, {});
  await exchange.end();
}

function describe({ method, path, provider, model, wire, operation, stream }: FakeRequest): string {
  const name = model === undefined ? [] : [provider === undefined ? model : `${provider}/${model}`];
  const facts = [...name, wire === undefined ? 'no known format' : `wire ${wire}`, operation ?? []].flat();
  return `${method} ${path} (${facts.join(', ')}${stream ? ', streamed' : ''})`;
}

/** Sends the body, as far as the action lets it come. */
async function deliver(
  exchange: Exchange,
  action: FakeAction,
  { status, headers, parts }: Body,
): Promise<void> {
  const { delayMs = 0 } = action.kind === 'refuse' ? {} : action.options;
  const cut = action.cut && { ...action.cut, at: cutAt(parts, action.cut) };
  exchange.respond(status, headers);
  let begun = false;
  for (const [index, { bytes, isPiece }] of parts.entries()) {
    if (cut?.at === index) break;
    if (isPiece && begun) await exchange.sleep(delayMs);
    begun ||= isPiece;
    await exchange.data(bytes);
    if (exchange.over) return;
  }
  if (cut?.kind === 'stall') return;
  if (cut?.kind === 'break') return exchange.fail(socketError('UND_ERR_SOCKET', 'other side closed'));
  await exchange.end();
}

/** @returns the index of the first part that does not come any more */
function cutAt(parts: readonly WirePart[], { after }: Cut): number {
  const pieces = [...parts.keys()].filter((index) => parts[index]!.isPiece);
  return after === 0 ? (pieces[0] ?? 0) : (pieces[Math.min(after, pieces.length) - 1] ?? 0) + 1;
}

async function bodyOf(
  action: Exclude<FakeAction, { kind: 'refuse' }>,
  request: FakeRequest,
  wire: Wire | undefined,
  own: HttpHeaders,
): Promise<Body> {
  const headers = { ...own, ...action.options.headers };
  if (action.kind === 'fail') {
    const {
      retryAfter,
      code = 'fake_error',
      message = `a failure with ${action.status}`,
      body,
    } = action.options;
    const error = body ?? (wire?.error ?? openAIError)(action.status, code, message);
    const waiting = retryAfter === undefined ? headers : { 'retry-after': String(retryAfter), ...headers };
    return wholeBody(action, action.status, error, waiting);
  }
  const { answer } = action;
  const content = typeof answer === 'function' ? await answer(request) : answer;
  if (isRaw(content)) {
    const { body } = content;
    if (!isPieces(body)) return wholeBody(action, 200, body, headers);
    return streamedBody(
      body.map((piece) => ({ bytes: Buffer.from(piece), isPiece: true })),
      headers,
    );
  }
  if (wire === undefined)
    throw new TypeError(
      `no built-in provider has this path, so the answer has to be a body: reply({ body })`,
    );
  const operation = operationOf(content);
  if (operation !== wire.operation)
    throw new TypeError(`the answer is one to ${operation}, and the request one for ${wire.operation}`);
  const complete = completeAnswer(content);
  const named = { ...request, pathname: request.path.split('?', 1)[0]! };
  const model = request.model ?? '';
  return request.stream
    ? streamedBody(wire.stream!(complete, named, model), { 'content-type': wire.contentType, ...headers })
    : wholeBody(action, 200, wire.whole(complete, named, model) as object, headers);
}

const isPieces = (body: FakeBody['body']): body is readonly string[] => Array.isArray(body);

const isRaw = (content: FakeContent): content is FakeBody => typeof content === 'object' && 'body' in content;

function streamedBody(parts: readonly WirePart[], headers: HttpHeaders): Body {
  const own = { 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' };
  return { status: 200, headers: { ...own, ...headers }, parts };
}

/** In two parts, so that it can end in its middle. */
function wholeBody({ cut }: FakeAction, status: number, body: object | string, headers: HttpHeaders): Body {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const middle = cut === undefined ? bytes.length : bytes.length >> 1;
  const type = typeof body === 'string' ? 'text/plain' : 'application/json';
  return {
    status,
    headers: { 'content-type': type, 'content-length': String(bytes.length), ...headers },
    parts: [
      { bytes: bytes.subarray(0, middle), isPiece: true },
      { bytes: bytes.subarray(middle), isPiece: false },
    ].filter((part) => part.bytes.length > 0),
  };
}
