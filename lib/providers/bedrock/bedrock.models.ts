import { BadRequestError } from '../../errors/errors.js';
import { canForceTools, claudeTraits, isClaude, type ThinkingKind } from '../kit/families/claude.js';
import { modelSegments } from '../kit/model-path.js';
import type { FormatContext, LocatedModel } from '../provider-adapter.interface.js';

/** LiteLLM's names of the APIs, and of the makers of imported models: all of them are had by Converse. */
const ROUTE = /^(?:converse|converse_like|invoke|llama|deepseek_r1|qwen2|qwen3|openai|moonshot)\//;
/** Such as `eu-central-1/`, `us-gov-west-1/`. */
const REGION = /^([a-z]{2}(?:-[a-z]+){1,2}-\d)\//;
const ARN_REGION = /^arn:[\w-]+:bedrock:([a-z]{2}(?:-[a-z]+){1,2}-\d):/;
/** What LiteLLM has beside chats, behind the same prefix. */
const OTHER_API = /^(agent|agentcore|async_invoke)\//;

/**
 * Takes a model's name apart, as LiteLLM writes it: an API and a region may stand before the model, and an ARN has its
 * region in it.
 *
 * @see {@link https://docs.litellm.ai/docs/providers/bedrock}
 * @throws {BadRequestError} for agents and batches
 */
export function locateModel(name: string): LocatedModel | undefined {
  const [, api] = OTHER_API.exec(name) ?? [];
  if (api !== undefined) {
    throw new BadRequestError(
      `bedrock: ${JSON.stringify(name.slice(0, 200))} is no model: ${api}/ leads to another API of Amazon's, which this package does not have; name a model`,
      { provider: 'bedrock', param: 'model', code: 'invalid_model' },
    );
  }
  let model = name.replace(ROUTE, '');
  const region = REGION.exec(model)?.[1];
  if (region !== undefined) model = model.slice(region.length + 1).replace(ROUTE, '');
  const place = region ?? ARN_REGION.exec(model)?.[1];
  if (place === undefined) return model === name ? undefined : { model };
  return { model, options: { region: place } };
}

/** The model's id, or its ARN, as one part of a path. */
export function modelPathOf(context: Pick<FormatContext, 'provider' | 'model'>): string {
  return `/model/${modelSegments(context.model, context).join('%2F')}`;
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
