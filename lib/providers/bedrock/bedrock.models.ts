import { canForceTools, claudeTraits, isClaude, type ThinkingKind } from '../kit/families/claude.js';
import { modelSegments } from '../kit/model-path.js';
import type { FormatContext } from '../provider-adapter.interface.js';

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

/** Whether a model takes Anthropic's own fields beside Converse's: those whose name says nothing are given the benefit. */
export function mayBeClaude(model: string): boolean {
  return isClaude(model) || isOpaque(model);
}

/**
 * How a model that is no Claude is told to reason.
 *
 * @see {@link https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html}
 * @returns `undefined` for a model that has no such setting, or none that its name tells
 */
export function effortStyleOf(model: string): 'openai' | 'nova' | undefined {
  if (model.includes('openai.')) return 'openai';
  return model.includes('nova-2-') ? 'nova' : undefined;
}

/**
 * Whether a model can be made to use a tool. Llama has tools, and refuses that: "any" is not supported for this model.
 *
 * @param thinks how a Claude is asked to think
 */
export function canBeForced(model: string, thinks: ThinkingKind | undefined): boolean {
  if (mayBeClaude(model)) return canForceTools(claudeTraits(model), thinks);
  return !model.includes('meta.');
}

/**
 * Claudes whose answers and tool inputs Bedrock itself keeps to a schema.
 *
 * @see {@link https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html}
 */
export function hasNativeSchemas(model: string): boolean {
  return /claude-[a-z]+-(4-[56]|[5-9])/.test(model);
}
