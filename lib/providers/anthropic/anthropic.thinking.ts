import { BadRequestError } from '../../errors/errors.js';
import type { ChatRequest } from '../../operations/chat/chat-request.interface.js';
import { refuse } from '../kit/params.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import { defaultMaxTokens, type ClaudeTraits } from './anthropic.models.js';
import type { Fields } from './anthropic.wire.js';

type Effort = NonNullable<ChatRequest['reasoning_effort']>;

/** Tokens that an effort may think, where there are budgets: LiteLLM's, from the API's least one upwards. */
const BUDGETS: Readonly<Record<string, number>> = {
  minimal: 1024,
  low: 1024,
  medium: 2048,
  high: 4096,
  xhigh: 8192,
  max: 16_384,
};

/** The least budget that the API takes. */
const MIN_BUDGET = 1024;

/** How many tokens an answer may have, and how it thinks. */
export interface ThinkingPlan {
  /** Tokens, those of the thinking included. */
  readonly maxTokens: number;
  readonly thinking?: Fields;
  /** For `output_config`. */
  readonly effort?: string;
}

/**
 * Plans the thinking of an answer: `thinking` as the caller has it, otherwise what `reasoning_effort` stands for.
 *
 * @throws {BadRequestError} when the answer has no room for the thinking that the effort asks for
 * @see {@link https://platform.claude.com/docs/en/build-with-claude/thinking}
 */
export function planThinking(
  { thinking, reasoning_effort: effort, max_completion_tokens, max_tokens }: ChatRequest,
  traits: ClaudeTraits,
  context: FormatContext,
): ThinkingPlan {
  const limit = max_completion_tokens ?? max_tokens ?? undefined;
  const maxTokens = limit ?? defaultMaxTokens(traits);
  if (thinking) {
    const budget = 'budget_tokens' in thinking ? thinking.budget_tokens : 0;
    return { maxTokens: limit ?? withRoomFor(budget, traits), thinking: { ...thinking } };
  }
  if (!effort) return { maxTokens };
  if (effort === 'none') {
    const { withoutThinking } = traits;
    if (withoutThinking === undefined) refuse(['reasoning_effort'], context);
    return { maxTokens, ...(withoutThinking && { thinking: { type: withoutThinking } }) };
  }
  if (traits.adaptiveThinking) {
    return {
      maxTokens,
      // Newer models keep the text of their thinking to themselves unless they are asked for it.
      thinking: { type: 'adaptive', ...(traits.xhighEffort && { display: 'summarized' }) },
      effort: adaptiveEffort(effort, traits),
    };
  }
  const most = BUDGETS[effort];
  if (most === undefined) {
    throw refused(
      `does not know the reasoning_effort ${JSON.stringify(effort)}`,
      'reasoning_effort',
      context,
    );
  }
  const budget = limit === undefined ? most : Math.min(most, limit - 1);
  if (budget < MIN_BUDGET) {
    throw refused(
      `needs a max_completion_tokens above ${MIN_BUDGET} for a reasoning_effort: the thinking counts towards it`,
      'max_completion_tokens',
      context,
    );
  }
  return {
    maxTokens: limit ?? withRoomFor(budget, traits),
    thinking: { type: 'enabled', budget_tokens: budget },
  };
}

function refused(what: string, param: string, { provider, model }: FormatContext): BadRequestError {
  return new BadRequestError(`${provider} ${what}`, { provider, model: `${provider}/${model}`, param });
}

/** The default limit, on top of a budget for thinking. */
function withRoomFor(budget: number, traits: ClaudeTraits): number {
  return Math.max(Math.min(defaultMaxTokens(traits) + budget, traits.maxOutput), defaultMaxTokens(traits));
}

function adaptiveEffort(effort: Exclude<Effort, 'none'>, { xhighEffort }: ClaudeTraits): string {
  if (effort === 'minimal') return 'low';
  return effort === 'xhigh' && !xhighEffort ? 'max' : effort;
}
