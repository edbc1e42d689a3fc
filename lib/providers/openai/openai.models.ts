import { refuse } from '../kit/params.js';
import type { FormatContext } from '../provider-adapter.interface.js';

type Fields = Record<string, unknown>;

/** Penalties and biases, which no reasoning model takes, with the value that asks for nothing. */
const NEVER = { presence_penalty: 0, frequency_penalty: 0, logit_bias: undefined };

/** What shapes the choice of tokens, which a model takes only while it does not reason. */
const WITHOUT_REASONING = { temperature: 1, top_p: 1, logprobs: false, top_logprobs: undefined };

interface ReasoningModel {
  /** The model reasons on every call, or on this one. */
  readonly reasons: (effort: unknown) => boolean;
  readonly takesStop: boolean;
}

/** @returns `undefined` for a model that does not reason, or whose name says nothing */
function reasoningModel(model: string): ReasoningModel | undefined {
  const o = /^o(\d+)(-|$)/.exec(model);
  if (o !== null) return { reasons: () => true, takesStop: !/^(o3|o4-mini)/.test(model) };
  const [, major, minor, variant] = /^gpt-(\d+)(?:\.(\d+))?(?:-(.+))?$/.exec(model) ?? [];
  if (major === undefined || Number(major) < 5) return undefined;
  if (minor === undefined && variant?.startsWith('chat')) return undefined;
  const mayNot = major === '5' && minor !== undefined;
  return {
    reasons: (effort) => !mayNot || (effort !== undefined && effort !== null && effort !== 'none'),
    takesStop: true,
  };
}

/**
 * What OpenAI's reasoning models do not take: `max_tokens`, whose successor is sent in its place, and fields that
 * shape the choice of tokens, which are refused.
 *
 * @see {@link https://platform.openai.com/docs/guides/reasoning#limitations}
 * @see {@link https://platform.openai.com/docs/guides/latest-model#gpt-5-1-parameter-compatibility}
 * @see {@link https://platform.openai.com/docs/api-reference/chat/create#chat-create-stop}
 */
export function limitReasoningModels(body: Fields, context: FormatContext): void {
  const model = reasoningModel(context.model);
  if (model === undefined) return;
  if (body['max_tokens'] !== undefined) {
    body['max_completion_tokens'] ??= body['max_tokens'];
    delete body['max_tokens'];
  }
  const neutral: Fields = {
    ...NEVER,
    ...(model.reasons(body['reasoning_effort']) && WITHOUT_REASONING),
    ...(!model.takesStop && { stop: undefined }),
  };
  const refused = Object.keys(neutral).filter((name) => {
    const value = body[name];
    return value !== undefined && value !== null && value !== neutral[name];
  });
  refuse(refused, context);
  for (const name of refused) delete body[name];
}
