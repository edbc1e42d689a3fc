import type { CompletionUsage } from '../../operations/chat/chat-completion.interface.js';
import { listOf, type GeminiUsage } from './gemini.wire.js';

/** OpenAI's usage with Gemini's own counters beside it. */
export type GeminiCompletionUsage = CompletionUsage & { usage_metadata: GeminiUsage };

function count(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function audioTokens(details: GeminiUsage['promptTokensDetails']): number | undefined {
  return listOf(details).find(({ modality }) => modality === 'AUDIO')?.tokenCount;
}

/**
 * Translates the counters: what the provider's own tools put into the prompt counts as prompt, thinking as completion,
 * so that the sum is the provider's total.
 *
 * @returns `undefined` when there are none yet, as in early events of a stream
 */
export function toUsage(usage: GeminiUsage): GeminiCompletionUsage | undefined {
  if (usage.promptTokenCount === undefined && usage.totalTokenCount === undefined) return undefined;
  const prompt = count(usage.promptTokenCount) + count(usage.toolUsePromptTokenCount);
  const candidates = count(usage.candidatesTokenCount);
  const thoughts = count(usage.thoughtsTokenCount);
  // Some models count their thoughts among the candidates' tokens already.
  const includesThoughts = prompt + candidates === usage.totalTokenCount;
  const completion = candidates + (includesThoughts ? 0 : thoughts);
  const promptAudio = audioTokens(usage.promptTokensDetails);
  const completionAudio = audioTokens(usage.candidatesTokensDetails);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: count(usage.totalTokenCount) || prompt + completion,
    prompt_tokens_details: {
      cached_tokens: count(usage.cachedContentTokenCount),
      ...(promptAudio !== undefined && { audio_tokens: promptAudio }),
    },
    completion_tokens_details: {
      reasoning_tokens: thoughts,
      ...(completionAudio !== undefined && { audio_tokens: completionAudio }),
    },
    usage_metadata: usage,
  };
}
