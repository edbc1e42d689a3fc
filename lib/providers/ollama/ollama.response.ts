import type {
  ChatCompletion,
  CompletionUsage,
  FinishReason,
  Logprobs,
  TokenLogprob,
} from '../../operations/chat/chat-completion.interface.js';
import type { ChatRequest, ToolCall } from '../../operations/chat/chat-request.interface.js';
import { createCompletionId, createdNow, createToolCallId } from '../kit/chunk-writer.js';
import { splitThinkTags } from '../openai/think-tags.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import type { OllamaLogprob, OllamaResponse } from './ollama.wire.js';

/** Ollama says `stop` also of an answer that is tool calls. */
export function finishReasonOf(reason: string | undefined, callsTools: boolean): FinishReason {
  if (reason === 'length') return 'length';
  return callsTools ? 'tool_calls' : 'stop';
}

/** Tokens, and beside them the durations, in nanoseconds, that only Ollama gives. */
export function usageOf(response: OllamaResponse): CompletionUsage | undefined {
  const { prompt_eval_count: prompt = 0, eval_count: completion } = response;
  if (completion === undefined && response.prompt_eval_count === undefined) return undefined;
  const { total_duration, load_duration, prompt_eval_duration, eval_duration } = response;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion ?? 0,
    total_tokens: prompt + (completion ?? 0),
    ...(total_duration !== undefined && {
      total_duration,
      load_duration,
      prompt_eval_duration,
      eval_duration,
    }),
  };
}

/** The calls of an answer, or of a line of a stream. Older versions give them no ids. */
export function toolCallsOf({ message }: OllamaResponse): (ToolCall & { type: 'function' })[] {
  const calls = message?.tool_calls;
  if (!Array.isArray(calls)) return [];
  return calls.map((call) => {
    const { name, arguments: input } = call?.function ?? {};
    return {
      id: call?.id || createToolCallId(),
      type: 'function',
      function: {
        name: name ?? '',
        arguments: typeof input === 'string' ? input : JSON.stringify(input ?? {}),
      },
    };
  });
}

function toLogprob({ token = '', logprob = 0, bytes }: OllamaLogprob): Omit<TokenLogprob, 'top_logprobs'> {
  return { token, logprob, bytes: bytes ?? [...Buffer.from(token)] };
}

export function logprobsOf(items: readonly OllamaLogprob[] | null | undefined): Logprobs | null {
  if (!Array.isArray(items) || items.length === 0) return null;
  return {
    content: (items as OllamaLogprob[]).map((item) => ({
      ...toLogprob(item),
      top_logprobs: (item.top_logprobs ?? []).map(toLogprob),
    })),
    refusal: null,
  };
}

/** @returns seconds since 1970 */
export function createdOf(time: string | undefined): number | undefined {
  const ms = Date.parse(time ?? '');
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}

/** Translates Ollama's response. @returns `undefined` when `body` is not a whole one */
export function toCompletion(body: unknown, context: FormatContext<ChatRequest>): ChatCompletion | undefined {
  const response = body as OllamaResponse | null;
  if (typeof response?.message !== 'object' || response.message === null || response.done !== true) {
    return undefined;
  }
  const split = splitThinkTags(response.message.content ?? '');
  const { content } = split;
  const thinking = response.message.thinking || split.reasoning;
  const calls = toolCallsOf(response);
  const usage = usageOf(response);
  return {
    id: createCompletionId(),
    object: 'chat.completion',
    created: createdOf(response.created_at) ?? createdNow(),
    model: response.model ?? context.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: content === '' && (calls.length > 0 || thinking) ? null : content,
          refusal: null,
          ...(thinking && { reasoning_content: thinking }),
          ...(calls.length > 0 && { tool_calls: calls }),
        },
        logprobs: logprobsOf(response.logprobs),
        finish_reason: finishReasonOf(response.done_reason, calls.length > 0),
      },
    ],
    ...(usage !== undefined && { usage }),
  };
}
