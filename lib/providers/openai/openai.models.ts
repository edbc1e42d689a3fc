import type { Fields } from '../kit/fields.js';
import { openAITraits } from '../kit/families/openai.js';
import { refuse } from '../kit/params.js';
import type { FormatContext } from '../provider-adapter.interface.js';

/** Penalties and biases, which no reasoning model takes, with the value that asks for nothing. */
const NEVER = { presence_penalty: 0, frequency_penalty: 0, logit_bias: undefined };

/** What shapes the choice of tokens, which a model takes only while it does not reason. */
const WITHOUT_REASONING = { temperature: 1, top_p: 1, logprobs: false, top_logprobs: undefined };

/**
 * What OpenAI's reasoning models do not take: `max_tokens`, whose successor is sent in its place, and fields that
 * shape the choice of tokens, which are refused.
 *
 * @see {@link https://platform.openai.com/docs/guides/reasoning#limitations}
 * @see {@link https://platform.openai.com/docs/guides/latest-model#gpt-5-1-parameter-compatibility}
 * @see {@link https://platform.openai.com/docs/api-reference/chat/create#chat-create-stop}
 */
export function limitReasoningModels(body: Fields, context: FormatContext): void {
  const model = openAITraits(context.model);
  if (!model.limited) return;
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
