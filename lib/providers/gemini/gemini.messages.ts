import type {
  AssistantMessage,
  ChatMessage,
  ContentPart,
  FunctionMessage,
  RefusalPart,
  ToolCall,
  ToolMessage,
} from '../../operations/chat/chat-request.interface.js';
import { geminiTraits, readsSignatures } from '../kit/families/gemini.js';
import { isFields } from '../kit/fields.js';
import { CONTINUE_TEXT, isBlank, textOf, toolNamesById } from '../kit/messages.js';
import { originOf } from '../kit/origin.js';
import { refusal } from '../kit/params.js';
import { readArguments, sentToolName } from '../kit/tool-calls.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import { toMediaPart } from './gemini.media.js';
import { TOOL_NAMES } from './gemini.names.js';
import {
  readNative,
  unmarkedSignature,
  type GeminiMessageFields,
  type GeminiStretch,
  type GeminiToolCallFields,
} from './gemini.native.js';
import type { GeminiContent, GeminiFunctionCall, GeminiPart } from './gemini.wire.js';

/**
 * Stands for the signature of a call that another model, or another endpoint, made: Gemini 3 refuses calls without one.
 *
 * @see {@link https://ai.google.dev/gemini-api/docs/thought-signatures}
 */
const NO_SIGNATURE = 'skip_thought_signature_validator';

interface Conversation {
  readonly contents: GeminiContent[];
  readonly system: GeminiPart[];
}

type ResultMessage = ToolMessage | FunctionMessage;

/**
 * Translates a conversation: what system and developer messages say becomes the instruction, in its order, or the begin
 * of what the user says where the model has none. The user speaks first; parts that say nothing are left out.
 *
 * @throws {BadRequestError} for what Gemini has no form of
 */
export function toConversation(messages: readonly ChatMessage[], context: FormatContext): Conversation {
  const contents: GeminiContent[] = [];
  const system: GeminiPart[] = [];
  const names = toolNamesById(messages);
  let answer: AssistantMessage | undefined;
  let results: ResultMessage[] = [];
  const add = (role: 'user' | 'model', parts: GeminiPart[]): void => {
    if (parts.length > 0) contents.push({ role, parts });
  };
  const flush = (): void => {
    if (results.length > 0) add('user', toResults(results, answer, names, context));
    results = [];
  };
  for (const message of messages) {
    if (message.role === 'tool' || message.role === 'function') {
      results.push(message);
      continue;
    }
    flush();
    switch (message.role) {
      case 'system':
      case 'developer':
        system.push(...toTextParts(textOf(message.content)));
        break;
      case 'user':
        add('user', toUserParts(message.content, context));
        break;
      case 'assistant':
        answer = message;
        add('model', toModelParts(message, context));
        break;
      default:
        throw refusal(`messages of the role ${JSON.stringify((message as ChatMessage).role)}`, context);
    }
  }
  flush();
  return arrange({ contents, system }, context);
}

function arrange({ contents, system }: Conversation, context: FormatContext): Conversation {
  // Gemini refuses an instruction with nothing to answer: the user says it then.
  if (contents.length === 0 && system.length > 0)
    return { contents: [{ role: 'user', parts: system }], system: [] };
  if (contents.length === 0) throw refusal('a conversation without a message of the user', context);
  if (contents[0]!.role === 'model') contents.unshift({ role: 'user', parts: [{ text: CONTINUE_TEXT }] });
  if (system.length === 0 || geminiTraits(context.model).systemInstruction) return { contents, system };
  contents[0]!.parts!.unshift(...system);
  return { contents, system: [] };
}

function toTextParts(text: string): GeminiPart[] {
  return isBlank(text) ? [] : [{ text }];
}

function toUserParts(content: string | ContentPart[], context: FormatContext): GeminiPart[] {
  if (typeof content === 'string') return toTextParts(content);
  return content.flatMap((part) =>
    part.type === 'text' ? toTextParts(part.text) : [toMediaPart(part, context)],
  );
}

/** A model's turn: its thinking, what it did on its side, its text, its calls, in this order or the one that it had. */
function toModelParts(message: AssistantMessage, context: FormatContext): GeminiPart[] {
  if (message.audio) throw refusal('audio of an earlier answer by its id', context);
  const { maker, fields } = readNative<GeminiMessageFields>(message.provider_specific_fields);
  const isReadable = readsSignatures(message, maker, context);
  const parts = toThoughts(message, isReadable);
  const own = (fields.parts ?? []).map((part) => toOwnPart(part, isReadable, context));
  const calls = toCallParts(message, context);
  const text = assistantText(message);
  const ordered = fields.order && inOrder(fields.order, text, own, calls, isReadable);
  if (ordered !== undefined) return [...parts, ...ordered];
  parts.push(...own);
  const [signature, ...others] = isReadable ? (fields.thoughtSignatures ?? []) : [];
  if (!isBlank(text) || signature !== undefined) parts.push({ text, ...signed(signature) });
  for (const other of others) parts.push({ text: '', ...signed(other) });
  return [...parts, ...calls];
}

/** Signed thinking is of use to its maker alone, and thinking that is not Gemini's to nobody here. */
function toThoughts(message: AssistantMessage, isReadable: boolean): GeminiPart[] {
  const parts: GeminiPart[] = [];
  for (const block of message.thinking_blocks ?? []) {
    if (block.type !== 'thinking') continue;
    const { thinking: text, signature } = block;
    if (!signature) parts.push({ text, thought: true });
    else if (isReadable) parts.push({ text, thought: true, thoughtSignature: signature });
  }
  return parts;
}

/** A part as the model had it, without what only its own endpoint takes. */
function toOwnPart(part: GeminiPart, isReadable: boolean, context: FormatContext): GeminiPart {
  const { thoughtSignature: _signature, ...plain } = part;
  const kept = isReadable ? part : plain;
  if (context.provider !== 'vertex_ai') return kept;
  const { functionCall, functionResponse } = kept;
  return {
    ...kept,
    ...(functionCall && { functionCall: withoutId(functionCall) }),
    ...(functionResponse && { functionResponse: withoutId(functionResponse) }),
  };
}

function withoutId<Item extends { id?: string }>({ id: _id, ...rest }: Item): Omit<Item, 'id'> {
  return rest;
}

/** @returns `undefined` when the caller changed the message, so that the stretches are no longer its own */
function inOrder(
  order: readonly GeminiStretch[],
  text: string,
  own: GeminiPart[],
  calls: GeminiPart[],
  isReadable: boolean,
): GeminiPart[] | undefined {
  const parts: GeminiPart[] = [];
  let [at, part, call] = [0, 0, 0];
  for (const stretch of order) {
    if (stretch === 'part') parts.push(own[part++] ?? {});
    else if (stretch === 'call') parts.push(calls[call++] ?? {});
    else {
      const end = at + stretch.text;
      parts.push({ text: text.slice(at, end), ...(isReadable && signed(stretch.thoughtSignature)) });
      at = end;
    }
  }
  const isWhole = at === text.length && part === own.length && call === calls.length;
  return isWhole ? parts : undefined;
}

function signed(signature: string | undefined): { thoughtSignature?: string } {
  return signature === undefined ? {} : { thoughtSignature: signature };
}

function assistantText({ content, refusal: refused }: AssistantMessage): string {
  let text = '';
  if (typeof content === 'string') text = content;
  else
    for (const part of (content ?? []) as ({ type: 'text'; text: string } | RefusalPart)[])
      text += part.type === 'text' ? part.text : part.refusal;
  return text === '' ? (refused ?? '') : text;
}

function toCallParts(message: AssistantMessage, context: FormatContext): GeminiPart[] {
  const parts = (message.tool_calls ?? []).map((call): GeminiPart => {
    const { fields } = nativeOf(call);
    const id = idFor(fields, context);
    return {
      functionCall: { ...(id !== undefined && { id }), ...toCall(call) },
      ...signed(signatureOf(call, message, context)),
    };
  });
  if (message.function_call) {
    const { name, arguments: args } = message.function_call;
    parts.push({ functionCall: { name: sentToolName(name, TOOL_NAMES), args: readArguments(args) } });
  }
  // Only the first call of a step is signed.
  const [first] = parts;
  if (
    first !== undefined &&
    first.thoughtSignature === undefined &&
    geminiTraits(context.model).demandsSignatures
  )
    first.thoughtSignature = NO_SIGNATURE;
  return parts;
}

function nativeOf(call: ToolCall) {
  return readNative<GeminiToolCallFields>(
    call.type === 'function' ? call.provider_specific_fields : undefined,
  );
}

/** @returns `undefined` for a signature that another endpoint or another generation made */
function signatureOf(call: ToolCall, message: AssistantMessage, context: FormatContext): string | undefined {
  const { maker, fields } = nativeOf(call);
  if (maker !== undefined)
    return readsSignatures(message, maker, context) ? fields.thoughtSignature : undefined;
  const signature = call.type === 'function' ? unmarkedSignature(call.provider_specific_fields) : undefined;
  // Nothing says that it is from elsewhere, and a signed call is worth more than one with the placeholder.
  return signature !== undefined && originOf(message) === undefined ? signature : undefined;
}

/** The Gemini API's id of a call, which Vertex AI has no field for. */
function idFor({ id }: GeminiToolCallFields, { provider }: FormatContext): string | undefined {
  return provider === 'vertex_ai' ? undefined : id;
}

function toCall(call: ToolCall): GeminiFunctionCall {
  const [name, args] =
    call.type === 'function'
      ? [call.function.name, readArguments(call.function.arguments)]
      : [call.custom.name, { input: call.custom.input }];
  return { name: sentToolName(name, TOOL_NAMES), args };
}

/** The results of a turn's calls in one content, in the order of the calls, as Gemini wants them. */
function toResults(
  results: readonly ResultMessage[],
  answer: AssistantMessage | undefined,
  names: ReadonlyMap<string, string>,
  context: FormatContext,
): GeminiPart[] {
  const calls = answer?.tool_calls ?? [];
  const order = new Map(calls.map((call, index) => [call.id, index]));
  const positionOf = (message: ResultMessage): number =>
    (message.role === 'tool' ? order.get(message.tool_call_id) : undefined) ?? order.size;
  const { mediaInResults } = geminiTraits(context.model);
  const beside: GeminiPart[] = [];
  const responses = results
    .toSorted((a, b) => positionOf(a) - positionOf(b))
    .map((message): GeminiPart => {
      const call = calls[positionOf(message)];
      const id = call === undefined ? undefined : idFor(nativeOf(call).fields, context);
      const name =
        message.role === 'function'
          ? message.name
          : (names.get(message.tool_call_id) ?? message.tool_call_id);
      const media = mediaOf(message, context);
      if (!mediaInResults) beside.push(...media);
      return {
        functionResponse: {
          ...(id !== undefined && { id }),
          name: sentToolName(name, TOOL_NAMES),
          response: toResult(textOf(message.content)),
          ...(mediaInResults && media.length > 0 && { parts: media }),
        },
      };
    });
  return [...responses, ...beside];
}

/** @see {@link https://ai.google.dev/gemini-api/docs/function-calling#multimodal} */
function mediaOf({ content }: ResultMessage, context: FormatContext): GeminiPart[] {
  if (!Array.isArray(content)) return [];
  return (content as ContentPart[]).flatMap((part) =>
    part.type === 'text' ? [] : [toMediaPart(part, context)],
  );
}

/** A result has to be an object: one in JSON is taken as it is, any other text is the output. */
function toResult(text: string): Record<string, unknown> {
  // A reference in a result means one of its own parts to Gemini, which refuses any other.
  if (!text.includes('"$ref"')) {
    try {
      const value: unknown = JSON.parse(text);
      if (isFields(value)) return value;
    } catch {
      // Plain text.
    }
  }
  return { output: text };
}
