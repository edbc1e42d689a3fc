import type { Fields } from '../kit/fields.js';
import { openAITraits } from '../kit/families/openai.js';
import { refuse } from '../kit/params.js';
import type { FormatContext } from '../provider-adapter.interface.js';

/** Penalties and biases, which no reasoning model takes, with the value that asks for nothing. */
const NEVER = { presence_penalty: 0, frequency_penalty: 0, logit_bias: undefined };

/** What shapes the choice of tokens, which a model takes only while it does not reason. */
const WITHOUT_REASONING = { temperature: 1, top_p: 1, logprobs: false, top_logprobs: undefined };

/** Whether a model's name is one of OpenAI's own, whoever serves it. */
export function isOpenAIsModel(model: string): boolean {
  return openAITraits(model).known;
}

/**
 * What OpenAI's models do not take, by their family's traits: `max_tokens`, whose successor is sent in its place, and
 * fields that shape the choice of tokens, an effort that is not theirs, and calls in parallel, which are refused.
 *
 * @see {@link https://platform.openai.com/docs/guides/reasoning#limitations}
 * @see {@link https://platform.openai.com/docs/guides/latest-model#gpt-5-1-parameter-compatibility}
 * @see {@link https://platform.openai.com/docs/api-reference/chat/create#chat-create-stop}
 * @throws {UnsupportedParamsError}
 */
export function limitOpenAIModels(body: Fields, context: FormatContext): void {
  const traits = openAITraits(context.model);
  const { limited, takesStop, parallelToolCalls } = traits;
  if (!limited && takesStop && parallelToolCalls && body['reasoning_effort'] === undefined) return;
  if (limited && body['max_tokens'] !== undefined) {
    body['max_completion_tokens'] ??= body['max_tokens'];
    delete body['max_tokens'];
  }
  const neutral: Fields = {
    ...(limited && NEVER),
    ...(limited && traits.reasons(body['reasoning_effort']) && WITHOUT_REASONING),
    ...(!takesStop && { stop: undefined }),
    ...(!parallelToolCalls && { parallel_tool_calls: true }),
    // A model that does not reason has done as it is told.
    ...(isRefused(traits.efforts, body['reasoning_effort']) && {
      reasoning_effort: traits.reasoning ? undefined : 'none',
    }),
  };
  const names = Object.keys(neutral).filter((name) => body[name] !== undefined && body[name] !== null);
  refuse(
    names.filter((name) => body[name] !== neutral[name]),
    context,
  );
  // What asks for nothing is refused by some of them, too.
  for (const name of names) {
    if (body[name] !== neutral[name] || LEFT_OUT.has(name)) delete body[name];
  }
}

/** Fields that are refused with any value, that which asks for nothing included. */
const LEFT_OUT = new Set(['parallel_tool_calls', 'reasoning_effort']);

function isRefused(efforts: readonly string[] | undefined, effort: unknown): boolean {
  return efforts !== undefined && typeof effort === 'string' && !efforts.includes(effort);
}
