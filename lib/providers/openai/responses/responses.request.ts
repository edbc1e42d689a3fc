import { withModel } from '../../kit/with-model.js';
import type { ChatRequest, ResponseFormat } from '../../../operations/chat/chat-request.interface.js';
import { openAITraits } from '../../kit/families/openai.js';
import { checkSupported } from '../../kit/params.js';
import type { FormatContext, ProviderRequest } from '../../provider-adapter.interface.js';
import { limitOpenAIModels } from '../openai.models.js';
import { toInput } from './responses.input.js';
import { responsesModel } from './responses.models.js';
import { toToolChoice, toTools } from './responses.tools.js';
import { isFields, type Fields } from '../../kit/fields.js';
import type { ResponsesBody } from './responses.wire.js';
import { SUPPORTED } from './responses.params.js';

/** Fields that this API has under the same name and with the same meaning. */
const SAME = [
  'metadata',
  'moderation',
  'parallel_tool_calls',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'service_tier',
  'temperature',
  'top_logprobs',
  'top_p',
  'user',
] as const;

/** Fields of `providerOptions` that grow what is there: replacing it would take the functions, or the reasoning, away. */
const GROWING = new Set(['include', 'tools']);

function toTextFormat(format: ResponseFormat): Fields {
  if (format.type !== 'json_schema') return format;
  const { name, description, schema, strict } = format.json_schema;
  return { type: 'json_schema', name, description, schema: schema ?? { type: 'object' }, strict };
}

function toText({ response_format: format, verbosity }: ChatRequest): Fields | undefined {
  if (!format && !verbosity) return undefined;
  return { ...(format && { format: toTextFormat(format) }), ...(verbosity && { verbosity }) };
}

/** The request without what the model does not take while it reasons, where the call allows that. */
function withinLimits(request: ChatRequest, context: FormatContext, model: string): ChatRequest {
  const { reasoning_effort, temperature, top_p, logprobs, top_logprobs, parallel_tool_calls } = request;
  const limited = { reasoning_effort, temperature, top_p, logprobs, top_logprobs, parallel_tool_calls };
  limitOpenAIModels(limited, withModel(context, model));
  const none = {
    reasoning_effort: null,
    temperature: null,
    top_p: null,
    logprobs: null,
    top_logprobs: null,
    parallel_tool_calls: undefined,
  };
  return { ...request, ...none, ...limited };
}

function includesOf(request: ChatRequest, model: string, store: boolean): string[] {
  const reasons = openAITraits(model).reasoning || Boolean(request.reasoning_effort);
  return [
    // Of what is not stored, the model's reasoning is lost to the next turn unless it comes along. Models that do not
    // reason refuse to be asked for it.
    ...(reasons && !store ? ['reasoning.encrypted_content'] : []),
    ...(request.logprobs ? ['message.output_text.logprobs'] : []),
  ];
}

/** Puts the caller's own fields into the body: what is an object on both sides is merged field by field. */
function mergeOptions(body: Fields, options: Fields | undefined): Fields {
  for (const name in options) {
    const [theirs, ours] = [options[name], body[name]];
    if (GROWING.has(name) && Array.isArray(theirs) && Array.isArray(ours)) {
      body[name] = [...new Set((ours as unknown[]).concat(theirs))];
    } else body[name] = isFields(theirs) && isFields(ours) ? { ...ours, ...theirs } : theirs;
  }
  return body;
}

/**
 * A chat request as one for a response.
 *
 * Nothing is stored at the provider unless `store` asks for it, which is the default of chat completions but not of
 * this API.
 *
 * @see {@link https://platform.openai.com/docs/api-reference/responses/create}
 * @throws {BadRequestError} for messages and parts that the API lacks
 * @throws {UnsupportedParamsError} for fields that it lacks, such as `n`, `stop` and `seed`
 */
export function toResponsesRequest(asked: ChatRequest, context: FormatContext<ChatRequest>): ProviderRequest {
  checkSupported(asked, SUPPORTED, context);
  const model = responsesModel(context.model);
  const request = withinLimits(asked, context, model);
  const options = request.providerOptions?.[context.provider];
  const store = (options?.['store'] ?? request.store) === true;
  const obfuscation = request.stream_options?.include_obfuscation;
  const include = includesOf(request, model, store);
  const body: ResponsesBody = {
    model,
    input: toInput(request.messages, context),
    store,
    include: include.length > 0 ? include : undefined,
    max_output_tokens: request.max_completion_tokens ?? request.max_tokens ?? undefined,
    reasoning: request.reasoning_effort ? { effort: request.reasoning_effort } : undefined,
    text: toText(request),
    tools: toTools(request, model),
    tool_choice: toToolChoice(request.tool_choice),
    stream: request.stream === true ? true : undefined,
    stream_options: obfuscation === undefined ? undefined : { include_obfuscation: obfuscation },
  };
  for (const name of SAME) body[name] = request[name] ?? undefined;
  return { path: '/responses', body: JSON.stringify(mergeOptions(body, options)) };
}
