import { createHash } from 'node:crypto';
import type { ChatRequest, ToolChoice } from '../../operations/chat/chat-request.interface.js';
import { isFields, type Fields } from './fields.js';
import { toolNamesById } from './messages.js';

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
  /** Characters that a replacement may have, a class for a regular expression to take the others out. */
  readonly others?: RegExp;
  /** The longest, in characters. */
  readonly maxLength: number;
}

function digestOf(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}

/** Characters of a digest: enough to tell the calls of a conversation, and the tools of a request, apart. */
const ID_DIGEST = 32;
const NAME_DIGEST = 8;

/**
 * The id under which a provider is told of a tool call: the id itself where the provider takes it, otherwise one made of
 * its digest, so that a call and its result agree and different ids stay different.
 */
export function toolCallId(id: string, { fits, maxLength }: NameRule): string {
  if (fits.test(id)) return id;
  const prefix = maxLength > ID_DIGEST ? 'call_'.slice(0, maxLength - ID_DIGEST) : '';
  return prefix + digestOf(id, Math.min(ID_DIGEST, maxLength));
}

/** Every name that a request gives to a tool: its tools, its choice, and its history. */
function toolNamesOf({ messages, tools, tool_choice: choice }: ChatRequest): Set<string> {
  const names = new Set(toolNamesById(messages).values());
  for (const tool of tools ?? []) {
    if (tool.type === 'function') names.add(tool.function.name);
    else if (tool.type === 'custom') names.add(tool.custom.name);
  }
  for (const name of chosenNames(choice)) names.add(name);
  return names;
}

function chosenNames(choice: ToolChoice | null | undefined): string[] {
  if (typeof choice !== 'object' || choice === null) return [];
  if (choice.type === 'function') return [choice.function.name];
  if (choice.type === 'custom') return [choice.custom.name];
  return choice.allowed_tools.tools.flatMap(({ function: called, name }) => {
    const one = isFields(called) ? called['name'] : name;
    return typeof one === 'string' ? [one] : [];
  });
}

/** Tool names that a provider refuses, exchanged for ones that it takes, and back in its answer. */
export interface ToolNames {
  /** @returns the name under which the provider is told of the tool */
  sent(name: string): string;
  /** @returns the caller's name for a tool that the provider names */
  own(name: string): string;
}

const AS_THEY_ARE: ToolNames = { sent: (name) => name, own: (name) => name };

/** Works out which of a request's tool names have to be exchanged; nothing is kept where none has to be. */
export function exchangeToolNames(request: ChatRequest, { fits, others, maxLength }: NameRule): ToolNames {
  if (!request.tools?.length && !request.messages.some(({ role }) => role === 'tool')) return AS_THEY_ARE;
  let theirs: Map<string, string> | undefined;
  const ours = new Map<string, string>();
  for (const name of toolNamesOf(request)) {
    if (fits.test(name)) continue;
    const readable = name.replace(others ?? /[^\w-]/g, '_').slice(0, maxLength - NAME_DIGEST - 1);
    const sent = `${/^[a-zA-Z_]/.test(readable) ? readable : `t${readable.slice(1)}`}_${digestOf(name, NAME_DIGEST)}`;
    (theirs ??= new Map()).set(name, sent);
    ours.set(sent, name);
  }
  if (theirs === undefined) return AS_THEY_ARE;
  const exchanged = theirs;
  return { sent: (name) => exchanged.get(name) ?? name, own: (name) => ours.get(name) ?? name };
}
