import { BadRequestError, UnsupportedParamsError } from '../../errors/errors.js';
import type { ChatRequest } from '../../operations/chat/chat-request.interface.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import type { Fields } from './fields.js';

/** Fields of a request that say how it is carried or what for, and that every adapter deals with itself. */
const ALWAYS_KNOWN = new Set(['model', 'messages', 'input', 'stream', 'stream_options', 'providerOptions']);

/** The fields of a chat request that a provider may lack. */
export type ChatParam = Exclude<
  keyof ChatRequest,
  'model' | 'messages' | 'stream' | 'stream_options' | 'providerOptions'
>;

/**
 * What becomes of each field of a chat request in a format: it is sent, in the provider's own form, or the provider has
 * nothing like it. A field that changes nothing of the answer is passed over then, any other one is refused. A new field of
 * {@link ChatRequest} does not compile until every format has said what it does with it.
 */
export type ChatParams = Readonly<Record<ChatParam, 'sent' | 'lacking'>>;

/** The fields that a format sends. */
export function supportedParams(params: ChatParams): ReadonlySet<string> {
  return new Set(Object.entries(params).flatMap(([name, what]) => (what === 'sent' ? [name] : [])));
}

/** Those that it lacks. */
export function lackingParams(params: ChatParams): readonly string[] {
  return Object.entries(params).flatMap(([name, what]) => (what === 'lacking' ? [name] : []));
}

/** A value that asks for nothing beyond what a provider without the field does. */
function isNeutral(name: string, value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    (name === 'n' && value === 1) ||
    (name === 'logprobs' && value === false) ||
    (name === 'store' && value === false) ||
    (name === 'parallel_tool_calls' && value === true) ||
    (name === 'service_tier' && value === 'auto') ||
    ((name === 'frequency_penalty' || name === 'presence_penalty') && value === 0) ||
    (name === 'modalities' && Array.isArray(value) && value.every((one) => one === 'text'))
  );
}

/**
 * Refuses the fields that a provider lacks, or notes them as dropped where the call allows that.
 *
 * @param why words that follow the names, where it is not the field alone: `beside temperature`
 * @throws {UnsupportedParamsError} naming them all
 */
export function refuse(names: readonly string[], context: FormatContext, why?: string): void {
  if (names.length === 0) return;
  const { provider, model, dropParams, droppedParams } = context;
  if (!dropParams) {
    throw new UnsupportedParamsError(
      `${provider} does not take ${names.slice(0, 20).join(', ').slice(0, 500)}${why === undefined ? '' : ` ${why}`}; leave it out, or set dropParams to have it left out`,
      names,
      { provider, model: `${provider}/${model}` },
    );
  }
  for (const name of names) droppedParams.push(name);
}

/**
 * The error for what a provider has no form of, whatever the call allows to be left out: to be thrown.
 *
 * @param what the provider does not take, and what to send in its place
 * @param param name of the request field
 */
export function refusal(
  what: string,
  { provider, model }: FormatContext,
  param: string = 'messages',
): BadRequestError {
  return new BadRequestError(`${param}: ${provider} does not take ${what}`, {
    provider,
    model: `${provider}/${model}`,
    param,
  });
}

/** Takes the `unsupported` fields out of a body that is otherwise OpenAI's. */
export function removeUnsupported(
  body: Fields,
  unsupported: readonly string[],
  context: FormatContext,
): void {
  leaveOut(
    unsupported.filter((name) => !isNeutral(name, body[name])),
    context,
  );
  for (const name of unsupported) if (name in body) delete body[name];
}

/** Fields that change nothing of the answer: who asks, what it is kept for, and how it is cached. */
const WITHOUT_MEANING: ReadonlySet<string> = new Set([
  'metadata',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'user',
]);

/** Leaves out what changes nothing of the answer where a provider lacks it, and says so in `meta.droppedParams`. */
export function passOver(names: readonly string[], { droppedParams }: FormatContext): void {
  for (const name of names) if (!droppedParams.includes(name)) droppedParams.push(name);
}

/**
 * For a provider with a format of its own: refuses the request's fields that are not among the `supported` ones, and
 * passes over those of them that change nothing of the answer.
 */
export function checkSupported(
  request: object,
  supported: ReadonlySet<string>,
  context: FormatContext,
): void {
  const names = Object.keys(request).filter(
    (name) => !supported.has(name) && !ALWAYS_KNOWN.has(name) && !isNeutral(name, (request as Fields)[name]),
  );
  leaveOut(names, context);
}

/** Refuses fields, or passes them over where they change nothing of the answer. */
function leaveOut(names: readonly string[], context: FormatContext): void {
  refuse(
    names.filter((name) => !WITHOUT_MEANING.has(name)),
    context,
  );
  passOver(
    names.filter((name) => WITHOUT_MEANING.has(name)),
    context,
  );
}
