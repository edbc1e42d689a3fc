import type { ResultMeta } from '../operations/result-meta.js';
import { readRequestId } from '../errors/http-error.js';
import { redact, secretsOf, type HeldSecrets } from '../errors/redact.js';
import type { CompletionUsage } from '../operations/chat/chat-completion.interface.js';
import type { LlmAttempt } from '../errors/llm.error.js';
import type { HttpReply } from '../transport/exchange/http-request.interface.js';
import type { FormatContext } from '../providers/provider-adapter.interface.js';

const RATE_LIMIT_HEADER = /^(x-|anthropic-)?ratelimit-/;

/** Where the tokens of a call stand, or will when its stream has ended. */
export interface CountedTokens {
  readonly usage?: CompletionUsage | Pick<CompletionUsage, 'prompt_tokens' | 'total_tokens'> | undefined;
}

const NONE: readonly LlmAttempt[] = [];

/** The metadata of a result. The headers are read when somebody asks. */
export class CallMeta implements ResultMeta {
  readonly provider: string;
  readonly model: string;
  readonly droppedParams: readonly string[];
  readonly timings: ResultMeta['timings'];
  private readonly earlier: readonly LlmAttempt[];
  private readonly own: readonly LlmAttempt[];
  // Not what `console.log(meta)` shall print: they have the key in them, or may repeat it.
  readonly #headers: HttpReply['headers'];
  readonly #sentHeaders: HttpReply['sentHeaders'];
  readonly #held: HeldSecrets | undefined;
  readonly #counted: CountedTokens;

  constructor(
    context: FormatContext,
    readonly origin: string,
    // Not kept: a result that is kept would keep the body, and the socket read that it is a part of.
    { attempts, headers, timings, sentHeaders, held }: HttpReply,
    counted: CountedTokens,
    earlier: readonly LlmAttempt[] = [],
  ) {
    this.own = attempts;
    this.#headers = headers;
    this.#sentHeaders = sentHeaders;
    this.#held = held;
    this.#counted = counted;
    this.timings = timings;
    this.provider = context.provider;
    this.model = context.model;
    this.droppedParams = context.droppedParams;
    // Copied: the list grows when a further model takes over.
    this.earlier = earlier.length === 0 ? NONE : [...earlier];
  }

  get requestId(): string | undefined {
    return readRequestId(this.#headers, secretsOf(this.#sentHeaders, this.#held));
  }

  get usage(): CompletionUsage | undefined {
    const { usage } = this.#counted;
    return usage && { completion_tokens: 0, ...usage };
  }

  get attempts(): readonly LlmAttempt[] {
    return [...this.earlier, ...this.own];
  }

  get rateLimit(): Readonly<Record<string, string>> {
    const limits: Record<string, string> = {};
    const secrets = secretsOf(this.#sentHeaders, this.#held);
    for (const [name, value] of Object.entries(this.#headers)) {
      if (RATE_LIMIT_HEADER.test(name) && typeof value === 'string') limits[name] = redact(value, secrets);
    }
    return limits;
  }

  toJSON(): ResultMeta {
    const { provider, model, origin, requestId, attempts, timings, usage, rateLimit, droppedParams } = this;
    return { provider, model, origin, requestId, attempts, timings, usage, rateLimit, droppedParams };
  }
}
