import { modelSegments } from '../kit/model-path.js';
import type { FormatContext } from '../provider-adapter.interface.js';

/** How a model is told to reason, by the name under which Bedrock has it. */
export type ReasoningStyle = 'budget' | 'adaptive' | 'openai' | 'nova';

/** LiteLLM's name of the API may stand before the model's own: there is no other here. */
function modelIdOf(model: string): string {
  return model.startsWith('converse/') ? model.slice('converse/'.length) : model;
}

/** The model's id, or its ARN, as one part of a path. */
export function modelPathOf(context: Pick<FormatContext, 'provider' | 'model'>): string {
  return `/model/${modelSegments(modelIdOf(context.model), context).join('%2F')}`;
}

/** The name of an application inference profile says nothing of its model. */
export function isOpaque(model: string): boolean {
  return model.includes(':application-inference-profile/') || model.includes(':provisioned-model/');
}

export function isClaude(model: string): boolean {
  return model.includes('anthropic') || model.includes('claude');
}

/**
 * @see {@link https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-adaptive-thinking.html}
 * @see {@link https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html}
 * @returns `undefined` for a model that has no such setting, or none that its name tells
 */
export function reasoningStyleOf(model: string): ReasoningStyle | undefined {
  if (isClaude(model)) {
    // From Opus 4.7 on a fixed budget is refused.
    return /claude-(opus-4-[7-9]|[a-z]+-[5-9])/.test(model) ? 'adaptive' : 'budget';
  }
  if (model.includes('openai.')) return 'openai';
  return model.includes('nova-2-') ? 'nova' : undefined;
}

/** Llama and the newest Opus have tools, and refuse to be made to use them: "any" is not supported for this model. */
export function canForceTools(model: string): boolean {
  return !/meta\.|claude-opus-5-5/.test(model);
}

/**
 * Models whose answers and tool inputs Bedrock itself keeps to a schema.
 *
 * @see {@link https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html}
 */
export function hasNativeSchemas(model: string): boolean {
  return /claude-(sonnet|haiku|opus)-4-[56]/.test(model);
}
