import type { ChatRequest } from '../../operations/chat/chat-request.interface.js';
import { ofThreeEfforts } from '../kit/effort.js';
import { claudeTraits } from '../kit/families/claude.js';
import { planClaudeThinking, thinksBy } from '../kit/families/claude-thinking.js';
import type { Fields } from '../kit/fields.js';
import { refuse } from '../kit/params.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import { effortStyleOf, mayBeClaude } from './bedrock.models.js';

export interface Reasoning {
  /** For `additionalModelRequestFields`. */
  readonly fields: Fields;
  /** How a Claude is asked to think: meanwhile some of them refuse to be made to use a tool. */
  readonly thinks: ReturnType<typeof thinksBy>;
  /** The limit of the output in tokens, where the caller or the thinking asks for one. */
  readonly maxTokens: number | undefined;
}

/**
 * Translates `thinking`, Anthropic's form, and `reasoning_effort`, the portable one.
 *
 * @throws {UnsupportedParamsError} when the model has no such setting
 */
export function readReasoning(request: ChatRequest, context: FormatContext<ChatRequest>): Reasoning {
  const { model } = context;
  const limit = request.max_completion_tokens ?? request.max_tokens ?? undefined;
  if (mayBeClaude(model)) return ofClaude(request, limit, context);
  const none: Reasoning = { fields: {}, thinks: undefined, maxTokens: limit };
  if (request.thinking && request.thinking.type !== 'disabled') refuse(['thinking'], context);
  const { reasoning_effort: effort } = request;
  if (!effort || effort === 'none') return none;
  switch (effortStyleOf(model)) {
    case 'openai':
      return { ...none, fields: { reasoning_effort: ofThreeEfforts(effort) } };
    case 'nova': {
      const maxReasoningEffort = ofThreeEfforts(effort);
      return { ...none, fields: { reasoningConfig: { type: 'enabled', maxReasoningEffort } } };
    }
    default:
      refuse(['reasoning_effort'], context);
      return none;
  }
}

function ofClaude(
  request: ChatRequest,
  limit: number | undefined,
  context: FormatContext<ChatRequest>,
): Reasoning {
  const plan = planClaudeThinking(request, claudeTraits(context.model), context);
  const thinks = thinksBy(plan);
  return {
    fields: {
      ...(plan.thinking && { thinking: plan.thinking }),
      ...(plan.effort !== undefined && { output_config: { effort: plan.effort } }),
    },
    thinks,
    // Without a limit of its own a model of Bedrock's has its greatest; thinking has to fit below one.
    maxTokens: limit ?? (thinks === 'budget' ? plan.maxTokens : undefined),
  };
}
