import type {
  AssistantMessage,
  ChatMessage,
  ChatRequest,
  ContentPart,
  RefusalPart,
  TextPart,
  ThinkingBlock,
  ToolCall,
  ToolMessage,
} from '../../operations/chat/chat-request.interface.js';
import { claudeThinkingOf } from '../kit/families/claude.js';
import { CONTINUE_TEXT, isBlank } from '../kit/messages.js';
import { originOf } from '../kit/origin.js';
import { refusal } from '../kit/params.js';
import { readArguments, sentToolName, toolCallId } from '../kit/tool-calls.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import { CacheMarks } from './bedrock.cache.js';
import { MediaReader } from './bedrock.media.js';
import { mayBeClaude } from './bedrock.models.js';
import { CALL_IDS, TOOL_NAMES } from './bedrock.names.js';
import type { MediaBlock, RequestBlock, RequestMessage, SystemBlock } from './bedrock.wire.js';

type Context = FormatContext<ChatRequest>;

export interface Conversation {
  readonly system: SystemBlock[];
  readonly messages: RequestMessage[];
}

/** What stands beside a document that nobody said anything of: Converse refuses one without a text. */
const NO_WORDS = '.';

/**
 * Translates the conversation. System and developer messages go to the front, the only place for them; what follows
 * on each other from one side becomes one message, for the sides have to alternate, and the user's is the first; text that
 * is blank is left out, for Bedrock refuses it.
 *
 * @throws {BadRequestError} for what Bedrock has no form of
 */
export function toConversation(messages: readonly ChatMessage[], context: Context): Conversation {
  const writer = new ConversationWriter(context);
  for (const message of messages) writer.add(message);
  return writer.end();
}

class ConversationWriter {
  private readonly system: SystemBlock[] = [];
  private readonly turns: RequestMessage[] = [];
  private readonly media: MediaReader;
  private readonly marks: CacheMarks;

  constructor(private readonly context: Context) {
    this.media = new MediaReader(context);
    this.marks = new CacheMarks(context);
  }

  /** @throws {BadRequestError} */
  add(message: ChatMessage): void {
    switch (message.role) {
      case 'system':
      case 'developer':
        this.pushTexts(this.system, message.content);
        this.marks.push(this.system, message);
        break;
      case 'user': {
        const turn = this.turnOf('user');
        this.pushContent(turn, message.content);
        this.marks.push(turn, message);
        break;
      }
      case 'assistant':
        this.pushAssistant(this.turnOf('assistant'), message);
        break;
      case 'tool':
        this.pushResult(this.turnOf('user'), message);
        break;
      default:
        throw refusal(`messages of the role "${String(message.role)}"`, this.context);
    }
  }

  end(): Conversation {
    const { system } = this;
    const messages = this.turns.filter(({ content }) => content.length > 0);
    trimPrefill(messages);
    // Instructions with nothing to answer: the user says them then.
    if (messages.length === 0 && system.length > 0)
      return { system: [], messages: [{ role: 'user', content: system }] };
    if (messages.length === 0) throw refusal('a conversation without a message of the user', this.context);
    if (messages[0]!.role === 'assistant')
      messages.unshift({ role: 'user', content: [{ text: CONTINUE_TEXT }] });
    for (const { content } of messages) {
      const hasDocument = content.some((block) => 'document' in block);
      if (hasDocument && !content.some((block) => 'text' in block)) content.push({ text: NO_WORDS });
    }
    return { system, messages };
  }

  /** The content of the turn that goes on, or of a new one. */
  private turnOf(role: RequestMessage['role']): RequestBlock[] {
    const { turns } = this;
    // A turn in which nothing was left does not part the two around it.
    while (turns.at(-1)?.content.length === 0) turns.pop();
    const last = turns.at(-1);
    if (last?.role === role) return last.content;
    const turn: RequestMessage = { role, content: [] };
    turns.push(turn);
    return turn.content;
  }

  private pushTexts(
    target: (SystemBlock | RequestBlock)[],
    content: string | (TextPart | RefusalPart)[] | null | undefined,
  ): void {
    if (typeof content === 'string') {
      if (!isBlank(content)) target.push({ text: content });
      return;
    }
    for (const part of content ?? []) {
      const text = part.type === 'refusal' ? part.refusal : part.text;
      if (!isBlank(text)) target.push({ text });
      this.marks.push(target, part);
    }
  }

  private pushContent(turn: RequestBlock[], content: string | ContentPart[]): void {
    if (typeof content === 'string') return this.pushTexts(turn, content);
    for (const part of content) {
      if (part.type === 'text') this.pushTexts(turn, [part]);
      else {
        turn.push(this.mediaOf(part));
        this.marks.push(turn, part);
      }
    }
  }

  private mediaOf(part: Exclude<ContentPart, TextPart>): MediaBlock {
    switch (part.type) {
      case 'image_url':
      case 'file':
      case 'input_audio':
        return this.media.read(part);
      default:
        throw refusal(
          `message parts of the type "${String((part as { type?: unknown }).type)}"`,
          this.context,
        );
    }
  }

  private pushAssistant(turn: RequestBlock[], message: AssistantMessage): void {
    const { context } = this;
    if (message.function_call) throw refusal('function_call, which tool_calls replace', context);
    if (message.audio) throw refusal('audio of an earlier answer', context);
    for (const block of thinkingOf(message, context)) turn.push({ reasoningContent: toReasoning(block) });
    this.pushTexts(turn, message.content);
    this.pushTexts(turn, message.refusal);
    for (const call of message.tool_calls ?? []) turn.push({ toolUse: toToolUse(call) });
    this.marks.push(turn, message);
  }

  private pushResult(turn: RequestBlock[], message: ToolMessage): void {
    const content = message.content as string | ContentPart[];
    const blocks: ({ text: string } | MediaBlock)[] = [];
    let text = '';
    for (const part of typeof content === 'string' ? [{ type: 'text' as const, text: content }] : content) {
      if (part.type === 'text') text += part.text;
      else {
        if (!isBlank(text)) blocks.push({ text });
        text = '';
        blocks.push(this.resultMedia(part));
      }
    }
    if (!isBlank(text)) blocks.push({ text });
    turn.push({ toolResult: { toolUseId: toolCallId(message.tool_call_id, CALL_IDS), content: blocks } });
    const mark = typeof content === 'string' ? undefined : content.findLast((part) => this.marks.has(part));
    this.marks.push(turn, mark ?? message);
  }

  /** @see {@link https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolResultContentBlock.html} */
  private resultMedia(part: Exclude<ContentPart, TextPart>): MediaBlock {
    const { context } = this;
    const block = this.mediaOf(part);
    const takesImages = mayBeClaude(context.model) || context.model.includes('nova');
    if (block.audio !== undefined || (block.image !== undefined && !takesImages))
      throw refusal(`parts of the type ${part.type} in the result of a tool with ${context.model}`, context);
    return block;
  }
}

/** Reasoning goes back to the family that signed it, and of others to the model itself. */
function thinkingOf(message: AssistantMessage, context: Context): readonly ThinkingBlock[] {
  if (mayBeClaude(context.model)) return claudeThinkingOf(message, context);
  const origin = originOf(message);
  const isOwn = origin?.provider === context.provider && origin.model === context.model;
  return isOwn ? (message.thinking_blocks ?? []) : [];
}

function toReasoning(block: ThinkingBlock) {
  if (block.type === 'redacted_thinking') return { redactedContent: block.data };
  const { thinking: text, signature } = block;
  return { reasoningText: { text, ...(signature && { signature }) } };
}

function toToolUse(call: ToolCall) {
  const [name, input] =
    call.type === 'custom'
      ? [call.custom.name, { input: call.custom.input }]
      : [call.function.name, readArguments(call.function.arguments)];
  return { toolUseId: toolCallId(call.id, CALL_IDS), name: sentToolName(name, TOOL_NAMES), input };
}

/** An answer that the caller began itself may not end in blanks. */
function trimPrefill(turns: RequestMessage[]): void {
  const last = turns.at(-1);
  const block = last?.content.at(-1);
  if (last?.role !== 'assistant' || block === undefined || !('text' in block)) return;
  block.text = block.text.trimEnd();
}
