import { BadRequestError } from '../../errors/errors.js';
import {
  checkFields,
  expectBoolean,
  expectMaybe,
  expectNumber,
  expectObject,
  expectObjects,
  expectProviderOptions,
  expectText,
  expectTexts,
  isFields,
  wrongField,
  type FieldCheck,
  type Fields,
} from '../request-checks.js';
import type { ChatRequest } from './chat-request.interface.js';

/** Fields with a structure, on which every translator relies. */
const STRUCTURES = {
  function_call: checkChoice,
  functions: (value, place) => expectObjects(value, place, checkFunction),
  messages: checkMessages,
  providerOptions: expectProviderOptions,
  response_format: checkResponseFormat,
  stream: expectBoolean,
  tool_choice: checkChoice,
  tools: (value, place) => expectObjects(value, place, checkTool),
} satisfies Partial<Record<keyof ChatRequest, FieldCheck>>;

/** The other fields, of which each provider takes some. The name of the model is the registry's matter. */
const PARAMS = {
  audio: expectObject,
  frequency_penalty: expectNumber,
  logit_bias: expectObject,
  logprobs: expectBoolean,
  max_completion_tokens: expectNumber,
  max_tokens: expectNumber,
  metadata: expectObject,
  modalities: expectTexts,
  moderation: expectObject,
  n: expectNumber,
  parallel_tool_calls: expectBoolean,
  prediction: expectObject,
  presence_penalty: expectNumber,
  prompt_cache_key: expectText,
  prompt_cache_options: expectObject,
  prompt_cache_retention: expectText,
  reasoning_effort: expectText,
  safety_identifier: expectText,
  seed: expectNumber,
  service_tier: expectText,
  stop: (value, place) => (typeof value === 'string' ? undefined : expectTexts(value, place)),
  store: expectBoolean,
  stream_options: expectObject,
  temperature: expectNumber,
  thinking: expectObject,
  top_logprobs: expectNumber,
  top_p: expectNumber,
  user: expectText,
  verbosity: expectText,
  web_search_options: expectObject,
} satisfies Record<Exclude<keyof ChatRequest, keyof typeof STRUCTURES | 'model'>, FieldCheck>;

const STRUCTURE_CHECKS: ReadonlyMap<string, FieldCheck> = new Map(Object.entries(STRUCTURES));
const PARAM_CHECKS: ReadonlyMap<string, FieldCheck> = new Map(Object.entries(PARAMS));

/**
 * Checks the shape of a request before anything is made of it: what TypeScript would refuse, of a request that came
 * over the wire. Fields, roles and parts that OpenAI's API does not have are the provider's matter, and pass.
 *
 * @throws {BadRequestError} with the place of the first field of a wrong type as its `param`
 */
export function checkChatRequest(request: unknown): void {
  if (!isFields(request)) throw new BadRequestError('the request has to be an object');
  // Refused where it is absent, too.
  if (request['messages'] === undefined || request['messages'] === null) checkMessages(undefined);
  checkFields(request, STRUCTURE_CHECKS);
}

/**
 * Checks the types of a request's parameters: after its translation, which says of a parameter that the provider lacks
 * that it does.
 *
 * @throws {BadRequestError} with the first parameter of a wrong type as its `param`
 */
export function checkChatParams(request: ChatRequest): void {
  checkFields(request as unknown as Fields, PARAM_CHECKS);
}

function checkMessages(messages: unknown): void {
  if (!Array.isArray(messages)) {
    throw new BadRequestError('messages is not an array of chat messages', { param: 'messages' });
  }
  if (messages.length === 0) {
    throw new BadRequestError('messages is empty: a chat needs one at least', { param: 'messages' });
  }
  for (let index = 0; index < messages.length; index++) {
    const message: unknown = messages[index];
    if (!isFields(message)) throw wrongField(`messages[${index}]`, 'an object', message);
    checkMessage(message, index);
  }
}

/** Roles whose messages are nothing without content. Answers and results of tools are stored without one, too. */
const SAYING: ReadonlySet<string> = new Set(['user', 'system', 'developer']);

const MESSAGE_CHECKS: ReadonlyMap<string, FieldCheck> = new Map<string, FieldCheck>([
  ['name', expectText],
  ['refusal', expectText],
  ['tool_call_id', expectText],
  ['reasoning_content', expectText],
  ['audio', expectObject],
  ['cache_control', expectObject],
  ['provider_specific_fields', expectObject],
  ['function_call', checkCalled],
  ['tool_calls', (value, place) => expectObjects(value, place, checkToolCall)],
  ['thinking_blocks', (value, place) => expectObjects(value, place, checkThinking)],
]);

/** A place is put together only where something is there to be checked: most messages have a role and a text. */
function checkMessage(message: Fields, index: number): void {
  const { role, content } = message;
  if (typeof role !== 'string') throw wrongField(`messages[${index}].role`, 'a string', role);
  if (Array.isArray(content)) expectObjects(content, `messages[${index}].content`, checkPart);
  else if (typeof content !== 'string' && (SAYING.has(role) || (content !== undefined && content !== null)))
    throw wrongField(`messages[${index}].content`, 'a string or a list of parts', content);
  if (role === 'tool') expectText(message['tool_call_id'], `messages[${index}].tool_call_id`);
  if (role === 'function') expectText(message['name'], `messages[${index}].name`);
  for (const name in message) {
    if (name === 'role' || name === 'content') continue;
    const value = message[name];
    if (value === undefined || value === null) continue;
    MESSAGE_CHECKS.get(name)?.(value, `messages[${index}].${name}`);
  }
}

function checkPart(part: Fields, place: string): void {
  const { type } = part;
  switch (type) {
    case 'text':
    case 'refusal':
      expectText(part[type], `${place}.${type}`);
      break;
    case 'image_url':
      expectTextsIn(part, type, ['url'], place);
      break;
    case 'input_audio':
      expectTextsIn(part, type, ['data', 'format'], place);
      break;
    case 'file': {
      expectTextsIn(part, type, [], place);
      const file = part[type] as Fields;
      for (const name of ['file_data', 'file_id', 'filename'])
        expectMaybe(expectText, file[name], `${place}.file.${name}`);
      break;
    }
    default:
      expectText(type, `${place}.type`);
  }
  expectMaybe(expectObject, part['cache_control'], `${place}.cache_control`);
}

/** @param names fields of the object in `holder[field]`, all of which have to be text */
function expectTextsIn(holder: Fields, field: string, names: readonly string[], place: string): void {
  const held = holder[field];
  if (!isFields(held)) throw wrongField(`${place}.${field}`, 'an object', held);
  for (const name of names) expectText(held[name], `${place}.${field}.${name}`);
}

function checkToolCall(call: Fields, place: string): void {
  const { id, type } = call;
  expectText(id, `${place}.id`);
  if (type === 'function') expectTextsIn(call, type, ['name', 'arguments'], place);
  else if (type === 'custom') expectTextsIn(call, type, ['name', 'input'], place);
  else throw wrongField(`${place}.type`, '"function" or "custom"', type);
  expectMaybe(expectObject, call['provider_specific_fields'], `${place}.provider_specific_fields`);
}

/** `function_call` of a message. */
function checkCalled(value: unknown, place: string): void {
  expectObject(value, place);
  const called = value as Fields;
  expectText(called['name'], `${place}.name`);
  expectText(called['arguments'], `${place}.arguments`);
}

function checkThinking(block: Fields, place: string): void {
  const { type, thinking, signature, data } = block;
  expectText(type, `${place}.type`);
  if (type === 'thinking') expectText(thinking, `${place}.thinking`);
  if (type === 'redacted_thinking') expectText(data, `${place}.data`);
  expectMaybe(expectText, signature, `${place}.signature`);
}

function checkTool(tool: Fields, place: string): void {
  const { type } = tool;
  expectText(type, `${place}.type`);
  expectMaybe(expectObject, tool['cache_control'], `${place}.cache_control`);
  if (type === 'custom') expectTextsIn(tool, type, ['name'], place);
  if (type !== 'function') return;
  expectTextsIn(tool, type, [], place);
  checkFunction(tool['function'] as Fields, `${place}.function`);
}

function checkFunction({ name, description, parameters }: Fields, place: string): void {
  expectText(name, `${place}.name`);
  expectMaybe(expectText, description, `${place}.description`);
  expectMaybe(expectObject, parameters, `${place}.parameters`);
}

/** `tool_choice`, and the `function_call` of a request. */
function checkChoice(value: unknown, place: string): void {
  if (typeof value === 'string') return;
  if (!isFields(value)) throw wrongField(place, 'a string or an object', value);
  const { type } = value;
  if (type === undefined) return expectText(value['name'], `${place}.name`);
  expectText(type, `${place}.type`);
  if (type === 'function' || type === 'custom') expectTextsIn(value, type, ['name'], place);
  if (type !== 'allowed_tools') return;
  expectTextsIn(value, type, ['mode'], place);
  expectObjects((value[type] as Fields)['tools'], `${place}.allowed_tools.tools`, () => {});
}

function checkResponseFormat(value: unknown, place: string): void {
  if (!isFields(value)) throw wrongField(place, 'an object', value);
  expectText(value['type'], `${place}.type`);
  if (value['type'] !== 'json_schema') return;
  expectTextsIn(value, 'json_schema', [], place);
  const { name, description, schema } = value['json_schema'] as Fields;
  expectMaybe(expectText, name, `${place}.json_schema.name`);
  expectMaybe(expectText, description, `${place}.json_schema.description`);
  expectMaybe(expectObject, schema, `${place}.json_schema.schema`);
}
