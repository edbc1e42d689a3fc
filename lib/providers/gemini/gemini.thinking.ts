import type { ChatRequest } from '../../operations/chat/chat-request.interface.js';
import { refuse } from '../kit/params.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import { effortTokens, type Effort } from '../kit/effort.js';
import { geminiTraits } from '../kit/families/gemini.js';
import type { GeminiThinkingConfig } from './gemini.wire.js';

/** The least budgets of the models that have one: 2.5 Pro cannot do without, Flash-Lite starts higher. */
const PRO_MINIMUM = 128;
const FLASH_LITE_MINIMUM = 512;

/**
 * Translates `thinking`, which comes first, and `reasoning_effort`: to a level from Gemini 3 on, to a budget before.
 *
 * @see {@link https://ai.google.dev/gemini-api/docs/thinking}
 */
export function toThinkingConfig(
  request: ChatRequest,
  context: FormatContext,
): GeminiThinkingConfig | undefined {
  const { thinking, reasoning_effort: effort } = request;
  const off = thinking ? thinking.type === 'disabled' : effort === 'none';
  if (!thinking && !effort) return undefined;
  const { model } = context;
  const steered = geminiTraits(model).thinking;
  if (steered === undefined) {
    // Asking a model that does not think for no thinking asks for nothing.
    if (!off) refuse([thinking ? 'thinking' : 'reasoning_effort'], context);
    return undefined;
  }
  const hasLevels = steered === 'level';
  if (off) {
    if (hasLevels) return { thinkingLevel: lowestLevel(model) };
    return { thinkingBudget: isPro(model) ? PRO_MINIMUM : 0 };
  }
  if (thinking?.type === 'enabled') return { includeThoughts: true, thinkingBudget: thinking.budget_tokens };
  if (thinking) return { includeThoughts: true, ...(!hasLevels && { thinkingBudget: -1 }) };
  const asked = effort as Effort;
  return hasLevels
    ? { includeThoughts: true, thinkingLevel: levelOf(asked, model) }
    : { includeThoughts: true, thinkingBudget: Math.max(effortTokens(asked), leastBudget(model)) };
}

function isPro(model: string): boolean {
  return /\bpro\b/.test(model);
}

function leastBudget(model: string): number {
  if (/flash-lite/.test(model)) return FLASH_LITE_MINIMUM;
  return isPro(model) ? PRO_MINIMUM : 0;
}

function lowestLevel(model: string): 'minimal' | 'low' {
  return isPro(model) ? 'low' : 'minimal';
}

function levelOf(effort: Effort, model: string): GeminiThinkingConfig['thinkingLevel'] {
  switch (effort) {
    case 'minimal':
      return lowestLevel(model);
    case 'low':
      return 'low';
    case 'medium':
      // The first model of the generation knows two levels.
      return /gemini-3-pro/.test(model) ? 'high' : 'medium';
    case 'high':
    case 'xhigh':
    case 'max':
      return 'high';
  }
}
