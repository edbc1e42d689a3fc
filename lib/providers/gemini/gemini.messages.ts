import type {
  AssistantMessage,
  ChatMessage,
  ContentPart,
  FunctionMessage,
  RefusalPart,
  ToolCall,
  ToolMessage,
} from '../../operations/chat/chat-request.interface.js';
import { BadRequestError } from '../../errors/errors.js';
import { textOf, toolNamesById } from '../kit/messages.js';
import { readArguments } from '../kit/tool-calls.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import { toMediaPart } from './gemini.media.js';
import { geminiTraits } from '../kit/families/gemini.js';
import { readNative, type GeminiMessageFields, type GeminiToolCallFields } from './gemini.native.js';
import type { GeminiContent, GeminiFunctionCall, GeminiPart } from './gemini.wire.js';

/**
 * Stands for the signature of a call that another model made: Gemini 3 refuses calls without one.
 *
 * @see {@link https://ai.google.dev/gemini-api/docs/thought-signatures}
 */
const NO_SIGNATURE = 'skip_thought_signature_validator';

interface Conversation {
  readonly contents: GeminiContent[];
  readonly system: GeminiPart[];
}

type ResultMessage = ToolMessage | FunctionMessage;

/** Translates a conversation: what system and developer messages say becomes the instruction, in its order. */
export function toConversation(messages: readonly ChatMessage[], context: FormatContext): Conversation {
  const contents: GeminiContent[] = [];
  const system: GeminiPart[] = [];
  const names = toolNamesById(messages);
  let calls: readonly ToolCall[] = [];
  let results: ResultMessage[] = [];
  const flush = (): void => {
    if (results.length > 0) contents.push({ role: 'user', parts: toResults(results, calls, names) });
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
        system.push({ text: textOf(message.content) });
        break;
      case 'user':
        contents.push({ role: 'user', parts: toUserParts(message.content, context) });
        break;
      case 'assistant': {
        calls = message.tool_calls ?? [];
        const parts = toModelParts(message, context);
        if (parts.length > 0) contents.push({ role: 'model', parts });
        break;
      }
      default:
        throw badMessage(`there is no role ${JSON.stringify((message as ChatMessage).role)}`, context);
    }
  }
  flush();
  // Gemini refuses an instruction with nothing to answer: the user says it then.
  return contents.length === 0
    ? { contents: [{ role: 'user', parts: system }], system: [] }
    : { contents, system };
}

function badMessage(what: string, context: FormatContext): BadRequestError {
  return new BadRequestError(`${context.provider}: messages: ${what}`, {
    provider: context.provider,
    model: `${context.provider}/${context.model}`,
    param: 'messages',
  });
}

function toUserParts(content: string | ContentPart[], context: FormatContext): GeminiPart[] {
  if (typeof content === 'string') return [{ text: content }];
  return content.map((part) => (part.type === 'text' ? { text: part.text } : toMediaPart(part, context)));
}

/** A model's turn: its thinking, what it did on its side, its text, its calls. */
function toModelParts(message: AssistantMessage, context: FormatContext): GeminiPart[] {
  if (message.audio)
    throw badMessage('there is no way to name audio of an earlier answer by its id', context);
  const native = readNative<GeminiMessageFields>(message.provider_specific_fields);
  const parts: GeminiPart[] = [];
  for (const block of message.thinking_blocks ?? []) {
    // Redacted blocks are Anthropic's, and nothing to other models.
    if (block.type !== 'thinking') continue;
    parts.push({ text: block.thinking, thought: true, ...signed(block.signature) });
  }
  parts.push(...(native.parts ?? []));
  const text = assistantText(message);
  const [signature, ...others] = native.thoughtSignatures ?? [];
  if (text !== '' || signature !== undefined) parts.push({ text, ...signed(signature) });
  for (const other of others) parts.push({ text: '', ...signed(other) });
  parts.push(...toCallParts(message, context));
  return parts;
}

function signed(signature: string | undefined): { thoughtSignature?: string } {
  return signature === undefined ? {} : { thoughtSignature: signature };
}

function assistantText({ content, refusal }: AssistantMessage): string {
  let text = '';
  if (typeof content === 'string') text = content;
  else
    for (const part of (content ?? []) as ({ type: 'text'; text: string } | RefusalPart)[])
      text += part.type === 'text' ? part.text : part.refusal;
  return text === '' ? (refusal ?? '') : text;
}

function toCallParts(message: AssistantMessage, context: FormatContext): GeminiPart[] {
  const parts = (message.tool_calls ?? []).map((call): GeminiPart => {
    const { id, thoughtSignature } = nativeOf(call);
    return {
      functionCall: { ...(id !== undefined && { id }), ...toCall(call) },
      ...signed(thoughtSignature),
    };
  });
  if (message.function_call) {
    const { name, arguments: args } = message.function_call;
    parts.push({ functionCall: { name, args: readArguments(args) } });
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

function nativeOf(call: ToolCall): GeminiToolCallFields {
  return call.type === 'function' ? readNative<GeminiToolCallFields>(call.provider_specific_fields) : {};
}

function toCall(call: ToolCall): GeminiFunctionCall {
  return call.type === 'function'
    ? { name: call.function.name, args: readArguments(call.function.arguments) }
    : { name: call.custom.name, args: { input: call.custom.input } };
}

/** The results of a turn's calls in one content, in the order of the calls, as Gemini wants them. */
function toResults(
  results: readonly ResultMessage[],
  calls: readonly ToolCall[],
  names: ReadonlyMap<string, string>,
): GeminiPart[] {
  const order = new Map(calls.map((call, index) => [call.id, index]));
  const positionOf = (message: ResultMessage): number =>
    (message.role === 'tool' ? order.get(message.tool_call_id) : undefined) ?? order.size;
  return results
    .toSorted((a, b) => positionOf(a) - positionOf(b))
    .map((message) => {
      const call = calls[positionOf(message)];
      const id = call === undefined ? undefined : nativeOf(call).id;
      const name =
        message.role === 'function'
          ? message.name
          : (names.get(message.tool_call_id) ?? message.tool_call_id);
      return {
        functionResponse: {
          ...(id !== undefined && { id }),
          name,
          response: toResult(textOf(message.content)),
        },
      };
    });
}

/** A result has to be an object: one in JSON is taken as it is, any other text is the output. */
function toResult(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Plain text.
  }
  return { output: text };
}
