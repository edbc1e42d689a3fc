import { createHash } from 'node:crypto';
import type { ChatRequest, FunctionTool } from '../../operations/chat/chat-request.interface.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import { isFields, type Fields } from './fields.js';
import { passOver, refuse } from './params.js';

/** Under which a call's arguments stand that are no JSON object: the name that the `ai` package has for it. */
const RAW_ARGUMENTS = 'rawInvalidInput';

/**
 * The arguments of an earlier tool call as an object, whatever they are: a conversation with a call that a model broke
 * off has to be able to go on. Arguments that are no object stand in one as text, so that the model reads what it wrote.
 *
 * @param args a JSON text, or what a caller has in its place
 */
export function readArguments(args: unknown): Fields {
  if (isFields(args)) return args;
  if (args === undefined || args === null) return {};
  if (typeof args !== 'string') return { [RAW_ARGUMENTS]: JSON.stringify(args) };
  if (args.trim() === '') return {};
  const value = parse(args);
  if (isFields(value)) return value;
  if (value === null) return {};
  // Some clients write the JSON text as JSON once more.
  const inner = typeof value === 'string' ? parse(value) : undefined;
  return isFields(inner) ? inner : { [RAW_ARGUMENTS]: args };
}

/** The same as the JSON text of an object; the caller's own text where it is one. */
export function argumentsText(args: unknown): string {
  if (typeof args === 'string' && isFields(parse(args))) return args;
  return JSON.stringify(readArguments(args));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** What a provider takes as the id of a tool call, or as the name of a tool. */
export interface NameRule {
  /** Matches what is sent as it is. */
  readonly fits: RegExp;
  /** The longest, in characters. */
  readonly maxLength: number;
}

/** Characters of a digest: enough to tell the calls of a conversation, and the tools of a request, apart. */
const ID_DIGEST = 32;
const NAME_DIGEST = 8;

function digestOf(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}

/**
 * The id under which a provider is told of a tool call: the id itself where the provider takes it, otherwise one made of
 * its digest, so that a call and its result agree and different ids stay different.
 */
export function toolCallId(id: string, { fits, maxLength }: NameRule): string {
  if (fits.test(id)) return id;
  const prefix = maxLength > ID_DIGEST ? 'call_'.slice(0, maxLength - ID_DIGEST) : '';
  return prefix + digestOf(id, Math.min(ID_DIGEST, maxLength));
}

/**
 * The name under which a provider is told of a tool: the name itself where the provider takes it, otherwise what can be read
 * of it with its digest. {@link ownToolName} reads it back.
 */
export function sentToolName(name: string, { fits, maxLength }: NameRule): string {
  if (fits.test(name)) return name;
  const readable = name.replace(/[^a-zA-Z0-9_]/g, '_').slice(0, maxLength - NAME_DIGEST - 2);
  return `${/^[a-zA-Z_]/.test(readable) ? '' : '_'}${readable}_${digestOf(name, NAME_DIGEST)}`;
}

/** The caller's name of a tool that the provider calls by the name that it was told. */
export function ownToolName(sent: string, { tools }: ChatRequest, rule: NameRule): string {
  for (const tool of tools ?? []) {
    if (tool.type !== 'function' || rule.fits.test(tool.function.name)) continue;
    if (sentToolName(tool.function.name, rule) === sent) return tool.function.name;
  }
  return sent;
}

/**
 * What a tool says that only Anthropic reads: hints are passed over, and named in `meta.droppedParams`; who may call it is
 * refused, unless it is the model itself.
 *
 * @throws {UnsupportedParamsError}
 */
export function refuseToolExtras(tool: FunctionTool, context: FormatContext): void {
  const { defer_loading, input_examples, allowed_callers } = tool;
  passOver(
    [
      ...(defer_loading === true ? ['tools.defer_loading'] : []),
      ...(input_examples !== undefined && input_examples.length > 0 ? ['tools.input_examples'] : []),
    ],
    context,
  );
  if (allowed_callers !== undefined && !allowed_callers.includes('direct'))
    refuse(['tools.allowed_callers'], context);
}
