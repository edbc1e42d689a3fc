import type {
  ChatCompletionDelta,
  ToolCallDelta,
} from '../../operations/chat/chat-completion-chunk.interface.js';
import type { CompletionUsage } from '../../operations/chat/chat-completion.interface.js';
import type { ChatRequest } from '../../operations/chat/chat-request.interface.js';
import { JsonSeries, type JsonPath } from '../../wire/json-series.js';
import type { WireEvent } from '../../wire/wire-decoder.interface.js';
import { isFields, listOf, type Fields } from '../kit/fields.js';
import { ChunkWriter } from '../kit/chunk-writer.js';
import { ownToolName } from '../kit/tool-calls.js';
import type { ChunkSink, ChunkTranslator, FormatContext } from '../provider-adapter.interface.js';
import { readAnthropicError } from './anthropic.errors.js';
import { TOOL_NAMES } from './anthropic.names.js';
import { extrasOf, isWhole, toFinishReason, toUsage } from './anthropic.response.js';
import type { AnthropicBlock, AnthropicEnding } from './anthropic.wire.js';

/** In what the pieces of one message differ. */
const CHANGING: readonly JsonPath[] = [
  ['delta', 'text'],
  ['delta', 'thinking'],
  ['delta', 'partial_json'],
];

/** A block that is being sent. */
interface OpenBlock {
  readonly block: AnthropicBlock;
  /** The input of a tool as far as it was sent. */
  input: string;
  /** Where the input goes: a tool call of this index, the answer, or nowhere. */
  readonly goesTo: number | 'answer' | undefined;
}

/** @throws {SyntaxError} when `value` is no object */
function fieldsOf(value: unknown, what: string): Fields {
  if (isFields(value)) return value;
  throw new SyntaxError(`an event without ${what}`);
}

/** @throws {SyntaxError} when the field is no text */
function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === 'string') return value;
  throw new SyntaxError(`a piece without ${name}`);
}

/** Adds a piece to a field: text grows, anything else is replaced. */
function append(block: Fields, name: string, piece: unknown): void {
  const before = block[name];
  block[name] = typeof before === 'string' && typeof piece === 'string' ? before + piece : piece;
}

/** Translates the events of a streamed message. */
export class AnthropicTranslator implements ChunkTranslator {
  private readonly series = new JsonSeries(CHANGING, { reused: true });
  private readonly writer: ChunkWriter;
  private readonly blocks: OpenBlock[] = [];
  private readonly byIndex = new Map<unknown, OpenBlock>();
  private id: string | undefined;
  private readonly counters: Fields = {};
  private ending: AnthropicEnding = {};
  private calls = 0;
  /** Text that is the answer only if the tool whose input is to be the answer is not called. */
  private held = '';
  private answersByTool = false;

  /** @param jsonTool name of the tool whose input is the answer */
  constructor(
    private readonly context: FormatContext<ChatRequest>,
    private readonly jsonTool: string | undefined,
  ) {
    this.writer = new ChunkWriter(context);
  }

  event({ data }: WireEvent, sink: ChunkSink): boolean {
    const event = fieldsOf(this.series.parse(data), 'fields');
    switch (event['type']) {
      case 'message_start':
        this.start(fieldsOf(event['message'], 'its message'), sink);
        return true;
      case 'content_block_start':
        this.startBlock(event['index'], event['content_block'], sink);
        return true;
      case 'content_block_delta':
        this.growBlock(this.blockAt(event['index']), fieldsOf(event['delta'], 'its delta'), sink);
        return true;
      case 'content_block_stop':
        this.endBlock(this.blockAt(event['index']), sink);
        return true;
      case 'message_delta':
        this.note(fieldsOf(event['delta'], 'its delta'), event);
        return true;
      case 'message_stop':
        this.finish(sink);
        return true;
      case 'error':
        sink.fail(readAnthropicError(event) ?? { message: 'an error without a message' });
        return true;
      default:
        // Pings, and events that are still to be invented.
        return false;
    }
  }

  end(): boolean {
    return false;
  }

  /** The first event counts the input. */
  get usage(): CompletionUsage | undefined {
    return Object.keys(this.counters).length > 0 ? toUsage(this.counters) : undefined;
  }

  private start(message: Fields, sink: ChunkSink): void {
    const id = textOf(message, 'id');
    // A proxy that sends a request again may send this event twice; another message would be mixed up with this one.
    if (this.id === id) return;
    if (this.id !== undefined) throw new SyntaxError('a second message begins inside of the first');
    this.id = id;
    this.writer.describe({ id, model: textOf(message, 'model') });
    this.note(message, message);
    for (const [index, block] of listOf(message['content']).entries()) {
      this.startBlock(index, block, sink);
      this.endBlock(this.blockAt(index), sink);
    }
  }

  private startBlock(index: unknown, value: unknown, sink: ChunkSink): void {
    if (!isWhole(value)) throw new SyntaxError('a block without what its type says');
    const block = { ...value };
    const open = { block, input: '', goesTo: this.goalOf(block) };
    this.blocks.push(open);
    this.byIndex.set(index, open);
    if (block.type === 'text') this.text(block['text'] as string, sink);
    else if (block.type === 'thinking') this.thinking(block['thinking'] as string, sink);
    else if (block.type === 'redacted_thinking') {
      this.writer.delta(sink, {
        thinking_blocks: [{ type: 'redacted_thinking', data: block['data'] as string }],
      });
    } else if (typeof open.goesTo === 'number') {
      const call = { id: block['id'] as string, type: 'function' as const };
      const name = ownToolName(block['name'] as string, this.context.request, TOOL_NAMES);
      this.call(open.goesTo, { ...call, function: { name, arguments: '' } }, sink);
    }
  }

  private goalOf({ type, name }: AnthropicBlock): OpenBlock['goesTo'] {
    if (type !== 'tool_use') return undefined;
    if (name !== this.jsonTool) return this.calls++;
    if (this.answersByTool) return undefined;
    this.answersByTool = true;
    return 'answer';
  }

  private growBlock(open: OpenBlock, delta: Fields, sink: ChunkSink): void {
    const { block } = open;
    switch (delta['type']) {
      case 'text_delta': {
        const text = textOf(delta, 'text');
        append(block, 'text', text);
        this.text(text, sink);
        break;
      }
      case 'thinking_delta': {
        const text = textOf(delta, 'thinking');
        append(block, 'thinking', text);
        this.thinking(text, sink);
        break;
      }
      case 'input_json_delta': {
        const piece = textOf(delta, 'partial_json');
        open.input += piece;
        this.input(open.goesTo, piece, sink);
        break;
      }
      case 'citations_delta':
        addCitation(block, delta['citation']);
        break;
      default:
        // A signature, the summary of a compaction, and what is still to be invented.
        for (const [name, piece] of Object.entries(delta)) if (name !== 'type') append(block, name, piece);
    }
  }

  private endBlock({ block, input, goesTo }: OpenBlock, sink: ChunkSink): void {
    const { signature } = block;
    if (block.type === 'thinking' && typeof signature === 'string' && signature !== '') {
      this.writer.delta(sink, { thinking_blocks: [{ type: 'thinking', thinking: '', signature }] });
    }
    // A call without arguments has no pieces, and one by the provider's own code has them in its start.
    if (input === '') this.input(goesTo, JSON.stringify(block['input'] ?? {}), sink);
  }

  private text(text: string, sink: ChunkSink): void {
    if (text === '') return;
    if (this.jsonTool === undefined) this.writer.delta(sink, { content: text });
    else this.held += text;
  }

  private thinking(text: string, sink: ChunkSink): void {
    if (text === '') return;
    this.writer.delta(sink, {
      reasoning_content: text,
      thinking_blocks: [{ type: 'thinking', thinking: text }],
    });
  }

  private input(goesTo: OpenBlock['goesTo'], piece: string, sink: ChunkSink): void {
    if (piece === '' || goesTo === undefined) return;
    if (goesTo === 'answer') this.writer.delta(sink, { content: piece });
    else this.call(goesTo, { function: { arguments: piece } }, sink);
  }

  private call(index: number, delta: Omit<ToolCallDelta, 'index'>, sink: ChunkSink): void {
    this.writer.delta(sink, { tool_calls: [{ index, ...delta }] });
  }

  /** Keeps what is said of the message: later events say it better than earlier ones. */
  private note(ending: AnthropicEnding & Fields, event: Fields): void {
    const { stop_reason, stop_sequence, stop_details, container } = ending;
    const { usage, context_management } = event;
    for (const [name, value] of Object.entries({
      stop_reason,
      stop_sequence,
      stop_details,
      container,
      context_management,
    })) {
      if (value !== null && value !== undefined) (this.ending as Fields)[name] = value;
    }
    if (!isFields(usage)) return;
    for (const name in usage) {
      if (usage[name] !== null) this.counters[name] = usage[name];
    }
  }

  private finish(sink: ChunkSink): void {
    const { stop_reason: reason } = this.ending;
    if (typeof reason !== 'string') throw new SyntaxError('the message ends without a reason');
    if (!this.answersByTool && this.held !== '') this.writer.delta(sink, { content: this.held });
    const blocks = this.blocks.map(({ block, input }) => withInput(block, input));
    const extras: ChatCompletionDelta = extrasOf(blocks, this.ending, this.answersByTool);
    if (Object.keys(extras).length > 0) this.writer.delta(sink, extras);
    this.writer.finish(sink, toFinishReason(reason, this.calls));
    const { usage } = this;
    if (usage !== undefined) this.writer.usage(usage);
    this.writer.end(sink);
  }

  private blockAt(index: unknown): OpenBlock {
    const open = this.byIndex.get(index);
    if (open === undefined) throw new SyntaxError('an event for a block that has not begun');
    return open;
  }
}

/** The block with its input as an object; an input that was cut off stays what it was at the start. */
function withInput(block: AnthropicBlock, input: string): AnthropicBlock {
  if (input === '') return block;
  try {
    return { ...block, input: JSON.parse(input) as unknown };
  } catch {
    return block;
  }
}

/** The list may be the one of the event that began the block. */
function addCitation(block: AnthropicBlock, citation: unknown): void {
  if (Array.isArray(block['citations'])) block['citations'].push(citation);
  else block['citations'] = [citation];
}
