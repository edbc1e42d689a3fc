import type { CompletionUsage } from '../../chat/chat-completion.interface.js';
import type { GeminiUsage } from './gemini.wire.js';

/** OpenAI's usage with Gemini's own counters beside it. */
export type GeminiCompletionUsage = CompletionUsage & { usage_metadata: GeminiUsage };

function audioTokens(details: GeminiUsage['promptTokensDetails']): number | undefined {
  return details?.find(({ modality }) => modality === 'AUDIO')?.tokenCount;
}

/**
 * Translates the counters: what the provider's own tools put into the prompt counts as prompt, thinking as completion,
 * so that the sum is the provider's total.
 *
 * @returns `undefined` when there are none yet, as in early events of a stream
 */
export function toUsage(usage: GeminiUsage): GeminiCompletionUsage | undefined {
  const { promptTokenCount, totalTokenCount, cachedContentTokenCount } = usage;
  const { candidatesTokenCount = 0, thoughtsTokenCount = 0, toolUsePromptTokenCount = 0 } = usage;
  if (promptTokenCount === undefined && totalTokenCount === undefined) return undefined;
  const prompt = (promptTokenCount ?? 0) + toolUsePromptTokenCount;
  // Some models count their thoughts among the candidates' tokens already.
  const includesThoughts = prompt + candidatesTokenCount === totalTokenCount;
  const completion = candidatesTokenCount + (includesThoughts ? 0 : thoughtsTokenCount);
  const promptAudio = audioTokens(usage.promptTokensDetails);
  const completionAudio = audioTokens(usage.candidatesTokensDetails);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: totalTokenCount ?? prompt + completion,
    prompt_tokens_details: {
      cached_tokens: cachedContentTokenCount ?? 0,
      ...(promptAudio !== undefined && { audio_tokens: promptAudio }),
    },
    completion_tokens_details: {
      reasoning_tokens: thoughtsTokenCount,
      ...(completionAudio !== undefined && { audio_tokens: completionAudio }),
    },
    usage_metadata: usage,
  };
}
