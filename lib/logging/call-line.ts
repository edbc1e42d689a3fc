import type { ChatRequest, LlmCall, LlmOutcome } from '../index.js';

/**
 * What is logged of a call: nothing secret, no text of a request or an answer. Times are milliseconds from the start of the
 * call; what is not known is left out.
 *
 * @publicApi
 */
export interface LlmCallLine {
  readonly event: 'llm.call';
  /** For people: pino's name of it. */
  readonly msg: string;
  /** `completion`, `embedding` or `models`. */
  readonly operation: string;
  readonly outcome: 'ok' | 'error' | 'aborted' | 'left';
  /** The one that answered, or the one that failed last. */
  readonly provider?: string;
  readonly model?: string;
  readonly responseModel?: string;
  readonly stream?: true;
  /** The HTTP status of an error. */
  readonly status?: number;
  /** The class of an error. */
  readonly error?: string;
  readonly code?: string;
  readonly phase?: string;
  readonly ms: number;
  readonly queuedMs?: number;
  readonly ttfbMs?: number;
  /** To the first content of a stream. */
  readonly ttfcMs?: number;
  /** Tries, where there was more than one. */
  readonly attempts?: number;
  /** Another model than the one that was asked for has answered. */
  readonly fallback?: true;
  readonly inputTokens?: number;
  readonly cachedTokens?: number;
  readonly outputTokens?: number;
  readonly reasoningTokens?: number;
  readonly finishReason?: string;
  /** The names of the tools that the model calls. */
  readonly toolCalls?: readonly string[];
  readonly requestId?: string;
  readonly droppedParams?: readonly string[];
}

const OUTCOMES = { whole: 'ok', broken: 'error', aborted: 'aborted', left: 'left' } as const;

/** @param asked the model as the caller named it */
export function callLine(call: LlmCall, asked: string | undefined, outcome: LlmOutcome): LlmCallLine {
  const { error, meta, result, usage, durationMs } = outcome;
  const { operation } = call;
  const stream = (call.request as Partial<ChatRequest>).stream === true;
  const provider = meta?.provider ?? error?.provider;
  const attempts = error?.attempts ?? meta?.attempts ?? [];
  const models = new Set(attempts.map(({ model }) => model));
  const counted = usage !== undefined && 'completion_tokens' in usage ? usage : undefined;
  const completion = result !== undefined && 'choices' in result ? result : undefined;
  const choice = completion?.choices[0];
  const tools = choice?.message.tool_calls?.map((tool) =>
    tool.type === 'function' ? tool.function.name : tool.custom.name,
  );
  const model = meta?.model ?? error?.model ?? asked;
  const how = OUTCOMES[outcome.end];
  return {
    event: 'llm.call',
    msg: `${operation} ${model ?? ''} ${how}${error === undefined ? '' : ` (${error.name})`} in ${Math.round(durationMs)} ms`,
    operation,
    outcome: how,
    ...known({
      provider,
      model,
      responseModel: result !== undefined && 'model' in result ? result.model : undefined,
      stream: stream || undefined,
      status: error?.status,
      error: error?.name,
      code: error?.code,
      phase: error?.phase,
    }),
    ms: rounded(durationMs)!,
    ...known({
      queuedMs: rounded(meta?.timings.queued),
      ttfbMs: rounded(meta?.timings.firstByte),
      ttfcMs: stream ? rounded(meta?.timings.firstContent) : undefined,
      attempts: attempts.length > 1 ? attempts.length : undefined,
      fallback: models.size > 1 || undefined,
      inputTokens: usage?.prompt_tokens,
      cachedTokens: counted?.prompt_tokens_details?.cached_tokens,
      outputTokens: counted?.completion_tokens,
      reasoningTokens: counted?.completion_tokens_details?.reasoning_tokens,
      finishReason: choice?.finish_reason ?? undefined,
      toolCalls: tools?.length ? tools : undefined,
      requestId: meta?.requestId ?? error?.requestId,
      droppedParams: meta?.droppedParams.length ? meta.droppedParams : undefined,
    }),
  };
}

function rounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 10) / 10;
}

function known<Fields extends object>(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;
}
