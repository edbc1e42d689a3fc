import type {
  ChatCompletion,
  CompletionUsage,
  FinishReason,
  Logprobs,
} from '../../operations/chat/chat-completion.interface.js';
import type { ChatRequest, ThinkingBlock, ToolCall } from '../../operations/chat/chat-request.interface.js';
import { createCompletionId, createdNow, createToolCallId } from '../kit/chunk-writer.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import { failureOf } from './cohere.errors.js';
import type { CohereLogprob, CohereResponse, CohereUsage } from './cohere.wire.js';
import { countOf } from '../kit/count.js';

/** @see {@link https://docs.cohere.com/reference/chat#response.body.finish_reason} */
export function finishReasonOf(reason: string): FinishReason {
  switch (reason) {
    case 'MAX_TOKENS':
    case 'ERROR_LIMIT':
      return 'length';
    case 'TOOL_CALL':
      return 'tool_calls';
    default:
      return 'stop';
  }
}

/** The tokens that the model read and wrote; those that are billed stand beside them. */
export function usageOf(usage: CohereUsage | null | undefined): CompletionUsage | undefined {
  const counted = usage?.tokens ?? usage?.billed_units;
  if (!usage || !counted) return undefined;
  const prompt = countOf(counted.input_tokens);
  const completion = countOf(counted.output_tokens);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    ...(usage.cached_tokens !== undefined && {
      prompt_tokens_details: { cached_tokens: countOf(usage.cached_tokens) },
    }),
    ...(usage.billed_units && { billed_units: usage.billed_units }),
  };
}

/** A tool without parameters is called with `null`, or with nothing. */
export function argumentsOf(text: string | undefined): string {
  const json = (text ?? '').trim();
  return json === '' || json === 'null' ? '{}' : text!;
}

export function logprobsOf(items: readonly CohereLogprob[] | null | undefined): Logprobs | null {
  if (!items || items.length === 0) return null;
  return {
    content: items.map(({ text = '', logprobs = [] }) => ({
      token: text,
      bytes: [...Buffer.from(text)],
      logprob: logprobs.reduce((sum, one) => sum + one, 0),
      top_logprobs: [],
    })),
    refusal: null,
  };
}

/** Translates Cohere's response. @returns `undefined` when `body` is not one, or says that there is no answer */
export function toCompletion(body: unknown, context: FormatContext<ChatRequest>): ChatCompletion | undefined {
  const response = body as Partial<CohereResponse> | null;
  const { message, finish_reason: reason } = response ?? {};
  if (typeof message !== 'object' || message === null || typeof reason !== 'string') return undefined;
  if (failureOf(reason) !== undefined) return undefined;
  const parts = Array.isArray(message.content) ? message.content : [];
  const text = parts.map((part) => part?.text ?? '').join('');
  const thinking = parts.flatMap((part) => part?.thinking ?? []).filter((one) => one !== '');
  const reasoning = thinking.join('') + (message.tool_plan ?? '');
  const blocks: ThinkingBlock[] =
    thinking.length > 0 ? [{ type: 'thinking', thinking: thinking.join('') }] : [];
  const calls = (message.tool_calls ?? []).map((call): ToolCall => ({
    id: call.id || createToolCallId(),
    type: 'function',
    function: { name: call.function?.name ?? '', arguments: argumentsOf(call.function?.arguments) },
  }));
  const usage = usageOf(response!.usage);
  const { citations } = message;
  return {
    id: response!.id ?? createCompletionId(),
    object: 'chat.completion',
    created: createdNow(),
    model: context.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text === '' && (calls.length > 0 || reasoning !== '') ? null : text,
          refusal: null,
          ...(reasoning !== '' && { reasoning_content: reasoning }),
          ...(blocks.length > 0 && { thinking_blocks: blocks }),
          ...(calls.length > 0 && { tool_calls: calls }),
        },
        logprobs: logprobsOf(response!.logprobs),
        finish_reason: finishReasonOf(reason),
      },
    ],
    ...(usage !== undefined && { usage }),
    ...(citations && citations.length > 0 && { citations }),
  };
}
