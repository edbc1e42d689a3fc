import type { ChatRequest } from '../../operations/chat/chat-request.interface.js';
import { refuse } from '../kit/params.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import { isClaude, isOpaque, reasoningStyleOf } from './bedrock.models.js';

type Effort = NonNullable<ChatRequest['reasoning_effort']>;

/** Tokens of thinking by effort, as LiteLLM has them. */
const BUDGETS: Readonly<Record<Exclude<Effort, 'none'>, number>> = {
  minimal: 128,
  low: 1024,
  medium: 2048,
  high: 4096,
  xhigh: 8192,
  max: 16_384,
};

/** Claude takes no smaller one. */
const SMALLEST_BUDGET = 1024;

/** Tokens of the answer on top of the thinking, where the caller sets no limit: thinking counts towards it. */
const ANSWER_TOKENS = 4096;

export interface Reasoning {
  /** For `additionalModelRequestFields`. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Claude, while it thinks, refuses to be made to use a tool. */
  readonly thinks: boolean;
  /** The limit of the output, where the thinking asks for one and the caller does not. */
  readonly maxTokens?: number;
}

/**
 * Translates `thinking`, Anthropic's form, and `reasoning_effort`, the portable one.
 *
 * @throws {UnsupportedParamsError} when the model has no such setting
 */
export function readReasoning(
  request: ChatRequest,
  context: FormatContext<ChatRequest>,
  maxTokens: number | undefined,
): Reasoning {
  const { model } = context;
  const { thinking, reasoning_effort: effort } = request;
  if (thinking) {
    if (isClaude(model) || isOpaque(model)) return ofThinking(thinking, maxTokens);
    refuse(['thinking'], context);
  }
  if (!effort || effort === 'none') return NONE;
  switch (reasoningStyleOf(model)) {
    case 'budget': {
      const room = maxTokens === undefined ? Infinity : maxTokens - 1;
      const budget = Math.max(SMALLEST_BUDGET, Math.min(BUDGETS[effort], room));
      return ofThinking({ type: 'enabled', budget_tokens: budget }, maxTokens);
    }
    case 'adaptive':
      return {
        fields: {
          thinking: { type: 'adaptive' },
          output_config: { effort: effort === 'minimal' ? 'low' : effort },
        },
        thinks: true,
      };
    case 'openai':
      return { fields: { reasoning_effort: ofThree(effort) }, thinks: false };
    case 'nova':
      return {
        fields: { reasoningConfig: { type: 'enabled', maxReasoningEffort: ofThree(effort) } },
        thinks: false,
      };
    default:
      refuse(['reasoning_effort'], context);
      return NONE;
  }
}

const NONE: Reasoning = { fields: {}, thinks: false };

function ofThinking(
  thinking: NonNullable<ChatRequest['thinking']>,
  maxTokens: number | undefined,
): Reasoning {
  return {
    fields: { thinking },
    thinks: thinking.type !== 'disabled',
    ...(thinking.type === 'enabled' &&
      maxTokens === undefined && { maxTokens: thinking.budget_tokens + ANSWER_TOKENS }),
  };
}

/** The efforts of the models that know three. */
function ofThree(effort: Exclude<Effort, 'none'>): 'low' | 'medium' | 'high' {
  if (effort === 'minimal' || effort === 'low') return 'low';
  return effort === 'medium' ? 'medium' : 'high';
}
