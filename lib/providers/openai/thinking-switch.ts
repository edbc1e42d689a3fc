import type { ChatRequest } from '../../operations/chat/chat-request.interface.js';
import { effortTokens, type Effort } from '../kit/effort.js';
import { claudeTraits, isClaude } from '../kit/families/claude.js';
import { planClaudeThinking } from '../kit/families/claude-thinking.js';
import { isFields, type Fields } from '../kit/fields.js';
import { refuse } from '../kit/params.js';
import type { FormatContext } from '../provider-adapter.interface.js';

/** Whether a request wants its model to think, and how much. */
export interface WantedThinking {
  readonly on: boolean;
  readonly effort: Effort | undefined;
  /** Tokens. */
  readonly budget: number | undefined;
}

/**
 * Puts into a body how its model is to think, in the provider's own terms. The body comes without `thinking` and
 * `reasoning_effort`.
 *
 * @param wanted `undefined` when the request does not say
 */
export type ThinkingSwitch = (
  body: Fields,
  wanted: WantedThinking | undefined,
  context: FormatContext,
) => void;

/** Applies a provider's switch to the body of a request, in place of OpenAI's and Anthropic's fields. */
export function applyThinking(body: Fields, turn: ThinkingSwitch, context: FormatContext): void {
  const wanted = wantedThinking(body);
  if (wanted !== undefined) {
    body['thinking'] = undefined;
    body['reasoning_effort'] = undefined;
  }
  turn(body, wanted, context);
}

function wantedThinking({
  thinking,
  reasoning_effort: effort,
}: Pick<ChatRequest, 'thinking' | 'reasoning_effort'>): WantedThinking | undefined {
  const ofEffort = effort && effort !== 'none' ? effort : undefined;
  if (isFields(thinking)) {
    const on = thinking.type !== 'disabled';
    const budget = thinking.type === 'enabled' ? thinking.budget_tokens : undefined;
    return { on, effort: on ? ofEffort : undefined, budget };
  }
  return effort ? { on: effort !== 'none', effort: ofEffort, budget: undefined } : undefined;
}

/**
 * `thinking: { type }`, and the effort beside it where the provider knows one.
 *
 * @see {@link https://docs.z.ai/guides/capabilities/thinking-mode}
 * @see {@link https://platform.moonshot.ai/docs/guide/use-kimi-k2-5-model}
 */
export function thinkingType(takesEffort: (model: string) => boolean = () => false): ThinkingSwitch {
  return (body, wanted, { model }) => {
    if (wanted === undefined) return;
    body['thinking'] = { type: wanted.on ? 'enabled' : 'disabled' };
    if (wanted.effort !== undefined && takesEffort(model)) body['reasoning_effort'] = wanted.effort;
  };
}

/**
 * Z.ai's GLM: from 5.3 on by an effort, which may be `none`, before by `thinking.type`.
 *
 * @see {@link https://docs.z.ai/guides/capabilities/thinking-mode}
 */
export const glmThinking: ThinkingSwitch = (body, wanted, context) => {
  const [, major = '0', minor = '0'] = /glm-(\d+)(?:\.(\d+))?/i.exec(context.model) ?? [];
  const hasEffort = Number(major) > 5 || (major === '5' && Number(minor) >= 3);
  if (!hasEffort || wanted?.effort === undefined) return thinkingType()(body, wanted, context);
  body['reasoning_effort'] = wanted.effort;
};

/** Alibaba's open Qwen3 models, which think unless they are told not to, and think in streams only. */
const THINKS_IN_STREAMS = /(^|\/)(qwen3-\d(?!.*(instruct|thinking|coder|-vl|embedding|omni))|qwq-32b)/i;

/**
 * Alibaba's `enable_thinking` and `thinking_budget`.
 *
 * A unary call of an open Qwen3 model says that there is to be no thinking: it is refused otherwise ("enable_thinking must
 * be set to false for non-streaming calls").
 *
 * @see {@link https://help.aliyun.com/en/model-studio/deep-thinking}
 */
export const qwenThinking: ThinkingSwitch = (body, wanted, context) => {
  const cannot = body['stream'] !== true && THINKS_IN_STREAMS.test(context.model);
  if (cannot) {
    if (wanted?.on) refuse([wanted.effort ? 'reasoning_effort' : 'thinking'], context);
    body['enable_thinking'] = false;
  } else if (wanted !== undefined) {
    body['enable_thinking'] = wanted.on;
    const budget = wanted.budget ?? (wanted.effort && effortTokens(wanted.effort));
    if (wanted.on && budget !== undefined) body['thinking_budget'] = budget;
  }
};

/** `enable_thinking` and `thinking_budget` of a provider whose unary calls may think. */
export const enableThinking: ThinkingSwitch = (body, wanted) => {
  if (wanted === undefined) return;
  body['enable_thinking'] = wanted.on;
  if (wanted.on && wanted.budget !== undefined) body['thinking_budget'] = wanted.budget;
  if (wanted.effort !== undefined) body['reasoning_effort'] = wanted.effort;
};

/**
 * A server that hands the model's own chat template what it is to know: Qwen's and GLM's read `enable_thinking`,
 * DeepSeek's and Kimi's `thinking`.
 *
 * @see {@link https://docs.vllm.ai/en/latest/features/reasoning_outputs.html}
 */
export const templateThinking: ThinkingSwitch = (body, wanted) => {
  if (wanted === undefined) return;
  if (wanted.effort !== undefined) body['reasoning_effort'] = wanted.effort;
  const own = body['chat_template_kwargs'];
  body['chat_template_kwargs'] = {
    enable_thinking: wanted.on,
    thinking: wanted.on,
    ...(isFields(own) && own),
  };
};

/**
 * OpenRouter's `reasoning`.
 *
 * @see {@link https://openrouter.ai/docs/use-cases/reasoning-tokens}
 */
export const reasoningField: ThinkingSwitch = (body, wanted) => {
  if (wanted === undefined) return;
  const { on, effort, budget } = wanted;
  const own = body['reasoning'];
  const how = budget === undefined ? { effort: on ? effort : 'none' } : { max_tokens: budget };
  const enabled = on && budget === undefined && effort === undefined;
  body['reasoning'] = { ...(enabled ? { enabled } : how), ...(isFields(own) && own) };
};

/**
 * Together's `reasoning.enabled`, and an effort beside it.
 *
 * @see {@link https://docs.together.ai/docs/reasoning-overview}
 */
export const reasoningEnabled: ThinkingSwitch = (body, wanted) => {
  if (wanted === undefined) return;
  if (wanted.effort !== undefined) body['reasoning_effort'] = wanted.effort;
  else body['reasoning'] = { enabled: wanted.on };
};

/**
 * Anthropic's `thinking` for the Claudes of a host with many models, and `reasoning_effort` for the others.
 *
 * @see {@link https://docs.databricks.com/aws/en/machine-learning/model-serving/query-reason-models}
 */
export const claudeThinking: ThinkingSwitch = (body, wanted, context) => {
  if (wanted === undefined) return;
  const { on, effort, budget } = wanted;
  if (!isClaude(context.model)) {
    if (budget !== undefined) refuse(['thinking'], context, `with ${context.model}`);
    body['reasoning_effort'] = on ? effort : 'none';
    return;
  }
  const request = {
    ...body,
    ...(effort !== undefined && { reasoning_effort: effort }),
    ...(budget !== undefined && { thinking: { type: 'enabled', budget_tokens: budget } }),
    ...(!on && { reasoning_effort: 'none' }),
    ...(on && effort === undefined && budget === undefined && { thinking: { type: 'adaptive' } }),
  } as unknown as ChatRequest;
  const { thinking, maxTokens } = planClaudeThinking(request, claudeTraits(context.model), context);
  if (thinking === undefined) return;
  body['thinking'] = thinking;
  // The budget counts towards the limit, which the host sets too low for it.
  if (body['max_tokens'] === undefined && body['max_completion_tokens'] === undefined) {
    body['max_tokens'] = maxTokens;
  }
};
