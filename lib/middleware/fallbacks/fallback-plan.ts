import type { LlmCall } from '../../calls/llm-call.js';
import type { ChatRequest } from '../../operations/chat/chat-request.interface.js';
import type { PartialChatCompletion } from '../../operations/chat/chat-completion.interface.js';
import {
  APIUserAbortError,
  BadRequestError,
  ContentPolicyViolationError,
  ContextWindowExceededError,
  LlmConfigurationError,
  SessionClosedError,
  UnsupportedParamsError,
} from '../../errors/errors.js';
import { LlmError, type LlmAttempt } from '../../errors/llm.error.js';
import type { FallbackTarget, Fallbacks, FallbackOptions } from '../../calls/call-options.interface.js';

/** What a model that goes on for another one is told. */
const GO_ON =
  'Go on exactly where your last message stopped. Do not repeat any of it, and do not comment on this.';

/** Whether another model may succeed where one failed with `error`. */
function leadsOn(error: LlmError): boolean {
  if (error instanceof BadRequestError) {
    return (
      error instanceof ContextWindowExceededError ||
      error instanceof ContentPolicyViolationError ||
      error instanceof UnsupportedParamsError
    );
  }
  return !(
    error instanceof APIUserAbortError ||
    error instanceof SessionClosedError ||
    error instanceof LlmConfigurationError
  );
}

/** The models that are still to be tried for one call, and what was tried. */
export class FallbackPlan {
  /** The attempts of the models that failed. */
  readonly earlier: LlmAttempt[] = [];
  private readonly options: FallbackOptions;
  private readonly models: FallbackTarget[];
  private readonly contextWindow: FallbackTarget[];
  private readonly contentPolicy: FallbackTarget[];

  constructor(
    private readonly request: ChatRequest,
    fallbacks: Fallbacks,
  ) {
    this.options = isList(fallbacks) ? { models: fallbacks } : fallbacks;
    this.models = [...(this.options.models ?? [])];
    this.contextWindow = [...(this.options.contextWindow ?? [])];
    this.contentPolicy = [...(this.options.contentPolicy ?? [])];
  }

  /** @returns the request to try after `error`; `undefined` when there is none, and then `error` has all the attempts */
  next(error: unknown): ChatRequest | undefined {
    if (!(error instanceof LlmError)) return undefined;
    this.earlier.push(...error.attempts);
    error.attempts = [...this.earlier];
    const target = this.targetsFor(error)?.shift();
    if (target === undefined) return undefined;
    return { ...this.request, ...(typeof target === 'string' ? { model: target } : target) };
  }

  /** @returns the request with which another model goes on from what a stream had said; `undefined` when none shall */
  resume(error: LlmError, partial: PartialChatCompletion): ChatRequest | undefined {
    const [choice, ...others] = partial.choices;
    const said = choice?.message.content;
    // A call of a tool cannot be gone on with, nor can several answers at once.
    const resumable =
      others.length === 0 && typeof said === 'string' && choice!.message.tool_calls === undefined;
    if (this.options.resume !== true || !resumable) return undefined;
    const request = this.next(error);
    if (request === undefined) return undefined;
    return {
      ...request,
      messages: [...request.messages, { role: 'assistant', content: said }, { role: 'user', content: GO_ON }],
    };
  }

  private targetsFor(error: LlmError): FallbackTarget[] | undefined {
    if (error instanceof ContextWindowExceededError && this.contextWindow.length > 0)
      return this.contextWindow;
    if (error instanceof ContentPolicyViolationError && this.contentPolicy.length > 0)
      return this.contentPolicy;
    const { on } = this.options;
    const leads = on === undefined ? leadsOn(error) : on.some((errorClass) => error instanceof errorClass);
    return leads ? this.models : undefined;
  }
}

function isList(fallbacks: Fallbacks): fallbacks is readonly FallbackTarget[] {
  return Array.isArray(fallbacks);
}

/** Has the call ask another model. */
export function goOn(call: LlmCall, request: ChatRequest, { earlier }: FallbackPlan): void {
  call.request = request;
  // Copied: the results of the models before keep what they were given.
  call.attempts = [...earlier];
}
