import type { OperationCall } from './operation.interface.js';
import { plainMeta, type ResultMeta } from './result-meta.js';
import type { CompletionUsage } from './usage.interface.js';
import { readRequestId } from '../errors/http-error.js';
import { redact, secretsOf, type HeldSecrets } from '../errors/redact.js';
import type { LlmAttempt } from '../errors/llm.error.js';
import type { HttpReply } from '../transport/exchange/http-request.interface.js';

const RATE_LIMIT_HEADER = /^(x-|anthropic-)?ratelimit-/;

/** Where the tokens of a call stand, or will when its stream has ended. */
export interface CountedTokens {
  readonly usage?: CompletionUsage | Pick<CompletionUsage, 'prompt_tokens' | 'total_tokens'> | undefined;
}

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

  readonly deployment: string;
  readonly origin: string;

  constructor(
    { provider, model, deployment, droppedParams, attempts: earlier }: OperationCall<unknown>,
    // Not kept: a result that is kept would keep the body, and the socket read that it is a part of.
    { attempts, headers, timings, sentHeaders, held }: HttpReply,
    counted: CountedTokens,
  ) {
    this.own = attempts;
    this.#headers = headers;
    this.#sentHeaders = sentHeaders;
    this.#held = held;
    this.#counted = counted;
    this.timings = timings;
    this.provider = provider;
    this.model = model;
    this.deployment = deployment.id;
    this.origin = deployment.origin;
    this.droppedParams = droppedParams;
    this.earlier = earlier;
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
    return plainMeta(this);
  }
}
