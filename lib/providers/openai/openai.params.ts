import { lackingParams, type ChatParams } from '../kit/params.js';

/** What becomes of the fields of a chat request at OpenAI itself and at Azure. */
export const OPENAI_PARAMS: ChatParams = {
  audio: 'sent',
  frequency_penalty: 'sent',
  function_call: 'sent',
  functions: 'sent',
  logit_bias: 'sent',
  logprobs: 'sent',
  max_completion_tokens: 'sent',
  max_tokens: 'sent',
  metadata: 'sent',
  modalities: 'sent',
  moderation: 'sent',
  n: 'sent',
  parallel_tool_calls: 'sent',
  prediction: 'sent',
  presence_penalty: 'sent',
  prompt_cache_key: 'sent',
  prompt_cache_options: 'sent',
  prompt_cache_retention: 'sent',
  reasoning_effort: 'sent',
  response_format: 'sent',
  safety_identifier: 'sent',
  seed: 'sent',
  service_tier: 'sent',
  stop: 'sent',
  store: 'sent',
  temperature: 'sent',
  // Anthropic's; OpenAI's own is `reasoning_effort`.
  thinking: 'lacking',
  tool_choice: 'sent',
  tools: 'sent',
  top_logprobs: 'sent',
  top_p: 'sent',
  user: 'sent',
  verbosity: 'sent',
  web_search_options: 'sent',
};

export const OPENAI_LACKS = lackingParams(OPENAI_PARAMS);
