import type { ChatMessage, ChatRequest } from '../../operations/chat/chat-request.interface.js';
import { limitFamilies } from '../kit/families/behind-gateways.js';
import type { Fields } from '../kit/fields.js';
import { removeUnsupported } from '../kit/params.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import { openAIMessages, withoutAddedFields } from './openai.messages.js';
import { limitOpenAIModels } from './openai.models.js';
import type { OpenAIQuirks } from './openai.quirks.js';
import { checkTools } from './openai.tools.js';
import { applyThinking } from './thinking-switch.js';

/** A schema of any object, which is what `json_object` asks for. */
const ANY_OBJECT = { type: 'json_schema', json_schema: { name: 'object', schema: { type: 'object' } } };

/** Makes the body of a request: the caller's own, as far as the provider takes it. */
export function openAIBody(quirks: OpenAIQuirks): (request: object, context: FormatContext) => string {
  const { unsupported, limit, rename, modelName, thinking, messageFields } = quirks;
  const toMessages = openAIMessages(quirks);
  return (request, context) => {
    const body: Fields & Pick<ChatRequest, 'providerOptions'> = {
      ...request,
      model: modelName === undefined ? context.model : modelName(context.model),
    };
    const { providerOptions } = body;
    // Not deleted, which would make all of the body slow to write; JSON has no undefined fields.
    if (providerOptions !== undefined) body.providerOptions = undefined;
    for (const name in body) if (body[name] === null) body[name] = undefined;
    // Refused without a stream to belong to.
    if (body['stream'] !== true) {
      if (body['stream_options'] !== undefined) body['stream_options'] = undefined;
    } else if (asksForUsage(quirks, context)) {
      body['stream_options'] = { include_usage: true, ...(body['stream_options'] as Fields | undefined) };
    }
    if (unsupported !== undefined) removeUnsupported(body, unsupported, context);
    if (body['stop'] !== undefined) body['stop'] = stopOf(body['stop']);
    checkTools(body, quirks, context);
    limitOpenAIModels(body, context);
    limitFamilies(body, context);
    limit?.(body, context);
    if (thinking !== undefined) applyThinking(body, thinking, context);
    if (quirks.jsonObjectAsSchema === true && isJsonObject(body['response_format'])) {
      body['response_format'] = ANY_OBJECT;
    }
    // OpenAI refuses the two of them together.
    if (body['max_completion_tokens'] !== undefined && body['max_tokens'] !== undefined) {
      body['max_tokens'] = undefined;
    }
    if (rename !== undefined) renameFields(body, rename);
    if (Array.isArray(body['messages'])) {
      body['messages'] = toMessages(body['messages'] as ChatMessage[], context);
    }
    if (Array.isArray(body['tools'])) {
      body['tools'] = withoutAddedFields(body['tools'] as object[], messageFields);
    }
    return JSON.stringify(
      providerOptions === undefined ? body : Object.assign(body, providerOptions[context.provider]),
    );
  };
}

function asksForUsage(
  { streamUsage = false }: OpenAIQuirks,
  { providerOptions: options }: FormatContext,
): boolean {
  if (options['streamUsage'] === false) return false;
  return typeof streamUsage === 'boolean' ? streamUsage : streamUsage(options);
}

/** @returns the sequences without the empty ones, which are refused; `undefined` where none is left */
function stopOf(stop: unknown): unknown {
  if (!Array.isArray(stop)) return stop === '' ? undefined : stop;
  const said = stop.filter((one) => one !== '' && one !== null);
  if (said.length === stop.length && said.length > 0) return stop;
  return said.length > 0 ? said : undefined;
}

function isJsonObject(format: unknown): boolean {
  return (format as { type?: unknown } | undefined)?.type === 'json_object';
}

function renameFields(body: Fields, names: Readonly<Record<string, string>>): void {
  for (const [name, theirs] of Object.entries(names)) {
    if (body[name] === undefined) continue;
    body[theirs] ??= body[name];
    delete body[name];
  }
}
