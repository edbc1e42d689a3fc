import type { ChatRequest } from '../../operations/chat/chat-request.interface.js';
import type { Fields } from '../kit/fields.js';
import { removeUnsupported } from '../kit/params.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import type { OpenAIQuirks } from './openai.quirks.js';

/** What this package adds to the messages and tools of OpenAI's shape. OpenAI refuses fields that it does not know. */
const ADDED_FIELDS = ['cache_control', 'provider_specific_fields', 'reasoning_content', 'thinking_blocks'];

/** The parts of a message or a tool that may have added fields in their turn. */
const NESTED_FIELDS = ['content', 'tool_calls'];

/** Makes the body of a request: the caller's own, as far as the provider takes it. */
export function openAIBody(quirks: OpenAIQuirks): (request: object, context: FormatContext) => string {
  const { unsupported, limit, rename, modelName } = quirks;
  const foreign = ADDED_FIELDS.filter((name) => !quirks.messageFields.includes(name));
  return (request, context) => {
    const body: Fields & Pick<ChatRequest, 'providerOptions'> = {
      ...request,
      model: modelName === undefined ? context.model : modelName(context.model),
    };
    const { providerOptions } = body;
    // Not deleted, which would make all of the body slow to write; JSON has no undefined fields.
    if (providerOptions !== undefined) body.providerOptions = undefined;
    // Refused without a stream to belong to.
    if (body['stream'] !== true) {
      if (body['stream_options'] !== undefined) body['stream_options'] = undefined;
    } else if (asksForUsage(quirks, context)) {
      body['stream_options'] = { include_usage: true, ...(body['stream_options'] as Fields | null) };
    }
    if (unsupported !== undefined) removeUnsupported(body, unsupported, context);
    limit?.(body, context);
    if (rename !== undefined) renameFields(body, rename);
    for (const name of ['messages', 'tools']) {
      if (Array.isArray(body[name])) body[name] = withoutFields(body[name], foreign);
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

function renameFields(body: Fields, names: Readonly<Record<string, string>>): void {
  for (const [name, theirs] of Object.entries(names)) {
    if (body[name] === undefined) continue;
    body[theirs] ??= body[name];
    delete body[name];
  }
}

/** @returns `items` itself when none of them, nor of what they hold, has one of the fields */
function withoutFields(items: unknown[], foreign: readonly string[]): unknown[] {
  let cleaned: unknown[] | undefined;
  for (let at = 0; at < items.length; at++) {
    const clean = withoutFieldsOf(items[at], foreign);
    if (clean === items[at]) continue;
    cleaned ??= items.slice();
    cleaned[at] = clean;
  }
  return cleaned ?? items;
}

function withoutFieldsOf(item: unknown, foreign: readonly string[]): unknown {
  if (typeof item !== 'object' || item === null) return item;
  let copy: Fields | undefined;
  for (const name of foreign) {
    if (!(name in item)) continue;
    copy ??= { ...item };
    delete copy[name];
  }
  for (const name of NESTED_FIELDS) {
    const nested = (item as Fields)[name];
    if (!Array.isArray(nested)) continue;
    const clean = withoutFields(nested, foreign);
    if (clean !== nested) (copy ??= { ...item })[name] = clean;
  }
  return copy ?? item;
}
