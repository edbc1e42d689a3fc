import { createHash } from 'node:crypto';
import { BadRequestError } from '../../errors/errors.js';
import type {
  AssistantMessage,
  CacheControl,
  ChatMessage,
  ChatRequest,
  ContentPart,
  RefusalPart,
  TextPart,
  ToolCall,
} from '../../operations/chat/chat-request.interface.js';
import { textOf } from '../kit/messages.js';
import { readArguments } from '../kit/tool-calls.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import { MediaReader } from './bedrock.media.js';
import type { CachePoint, RequestBlock, RequestMessage, SystemBlock } from './bedrock.wire.js';

interface Markable {
  cache_control?: CacheControl;
  prompt_cache_breakpoint?: unknown;
}

/** The cache point that a mark of Anthropic's, or of OpenAI's, asks for. */
export function cachePointOf(part: Markable): CachePoint | undefined {
  const { cache_control: mark } = part;
  if (!mark && !part.prompt_cache_breakpoint) return undefined;
  return { cachePoint: { type: 'default', ...(mark?.ttl && { ttl: mark.ttl }) } };
}

export interface Conversation {
  readonly system: SystemBlock[];
  readonly messages: RequestMessage[];
}

/**
 * Translates the conversation. System and developer messages go to the front, the only place for them; what follows
 * on each other from one side becomes one message, for the sides have to alternate; text that is blank is left out,
 * for Bedrock refuses it.
 *
 * @throws {BadRequestError} for what Bedrock has no form of
 */
export function toConversation(
  messages: readonly ChatMessage[],
  context: FormatContext<ChatRequest>,
): Conversation {
  const system: SystemBlock[] = [];
  const turns: RequestMessage[] = [];
  const media = new MediaReader(context);
  for (const message of messages) {
    switch (message.role) {
      case 'system':
      case 'developer':
        pushTexts(system, message.content);
        break;
      case 'user':
        pushContent(turnOf(turns, 'user'), message.content, media, context);
        break;
      case 'assistant':
        pushAssistant(turnOf(turns, 'assistant'), message, context);
        break;
      case 'tool': {
        const turn = turnOf(turns, 'user');
        const text = textOf(message.content);
        turn.push({
          toolResult: {
            toolUseId: toToolUseId(message.tool_call_id),
            content: text === '' ? [] : [{ text }],
          },
        });
        if (Array.isArray(message.content)) pushMark(turn, message.content.findLast(cachePointOf));
        break;
      }
      default:
        throw refusal(`messages of the role "${String(message.role)}"`, context);
    }
  }
  return { system, messages: turns.filter(({ content }) => content.length > 0) };
}

/** The content of the turn that goes on, or of a new one. */
function turnOf(turns: RequestMessage[], role: RequestMessage['role']): RequestBlock[] {
  // A turn in which nothing was left does not part the two around it.
  while (turns.at(-1)?.content.length === 0) turns.pop();
  const last = turns.at(-1);
  if (last?.role === role) return last.content;
  const turn: RequestMessage = { role, content: [] };
  turns.push(turn);
  return turn.content;
}

function pushTexts(
  target: (SystemBlock | RequestBlock)[],
  content: string | (TextPart | RefusalPart)[] | null | undefined,
): void {
  if (typeof content === 'string') {
    if (content.trim() !== '') target.push({ text: content });
    return;
  }
  for (const part of content ?? []) {
    const text = part.type === 'refusal' ? part.refusal : part.text;
    if (text.trim() !== '') target.push({ text });
    pushMark(target, part as Markable);
  }
}

function pushMark(target: (SystemBlock | RequestBlock)[], part: Markable | undefined): void {
  const cachePoint = part && cachePointOf(part);
  // A cache point with nothing before it is refused.
  if (cachePoint !== undefined && target.length > 0) target.push(cachePoint);
}

function pushContent(
  turn: RequestBlock[],
  content: string | ContentPart[],
  media: MediaReader,
  context: FormatContext<ChatRequest>,
): void {
  if (typeof content === 'string') return pushTexts(turn, content);
  for (const part of content) {
    switch (part.type) {
      case 'text':
        pushTexts(turn, [part]);
        continue;
      case 'image_url':
      case 'file':
      case 'input_audio':
        turn.push(media.read(part));
        break;
      default:
        throw refusal(`message parts of the type "${String((part as { type?: unknown }).type)}"`, context);
    }
    pushMark(turn, part);
  }
}

function pushAssistant(
  turn: RequestBlock[],
  message: AssistantMessage,
  context: FormatContext<ChatRequest>,
): void {
  if (message.function_call) throw refusal('function_call, which tool_calls replace', context);
  if (message.audio) throw refusal('audio of an earlier answer', context);
  for (const block of message.thinking_blocks ?? []) {
    if (block.type === 'redacted_thinking') {
      turn.push({ reasoningContent: { redactedContent: block.data } });
    } else if (block.signature) {
      // Thinking without a signature proves nothing of its origin, and models that sign refuse it.
      const { thinking: text, signature } = block;
      turn.push({ reasoningContent: { reasoningText: { text, signature } } });
    }
  }
  pushTexts(turn, message.content);
  pushTexts(turn, message.refusal);
  for (const call of message.tool_calls ?? []) turn.push({ toolUse: toToolUse(call) });
  pushMark(turn, message);
}

function toToolUse(call: ToolCall) {
  const [name, input] =
    call.type === 'custom'
      ? [call.custom.name, { input: call.custom.input }]
      : [call.function.name, readArguments(call.function.arguments)];
  return { toolUseId: toToolUseId(call.id), name, input };
}

/** Ids of other providers may be longer, or have characters that Bedrock refuses: such a one is replaced by its hash. */
function toToolUseId(id: string): string {
  if (/^[a-zA-Z0-9_.:-]{1,64}$/.test(id)) return id;
  return `call_${createHash('sha256').update(id).digest('hex').slice(0, 32)}`;
}

function refusal(what: string, { provider, model }: FormatContext): BadRequestError {
  return new BadRequestError(`${provider} does not take ${what}`, {
    provider,
    model: `${provider}/${model}`,
    param: 'messages',
  });
}
