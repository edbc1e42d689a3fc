import type {
  ChatCompletionDelta,
  ToolCallDelta,
} from '../../../operations/chat/chat-completion-chunk.interface.js';
import type { ChatRequest } from '../../../operations/chat/chat-request.interface.js';
import { JsonSeries, type JsonPath } from '../../../wire/json-series.js';
import type { WireEvent } from '../../../wire/wire-decoder.interface.js';
import { ChunkWriter, createToolCallId } from '../../kit/chunk-writer.js';
import type { ChunkSink, ChunkTranslator, FormatContext } from '../../provider-adapter.interface.js';
import { readFailure } from './responses.errors.js';
import {
  createdOf,
  isCall,
  REASONING_BREAK,
  toAnnotation,
  toCompletionFields,
  toFinishReason,
  toLogprobs,
  toNativeFields,
  toUsage,
} from './responses.response.js';
import { isFields, type Fields } from '../../kit/fields.js';
import { asResponse, fieldsIn, isItem, textIn, type ResponsesItem } from './responses.wire.js';

/** A text that grows: a part of a message, of reasoning, or the arguments of a call. */
interface GrowingText {
  /** What has been passed on. */
  sent: string;
  /** Where it begins in the answer. */
  readonly offset: number;
  /** How many sources of it have been passed on. */
  annotations: number;
}

/** An item that is being sent. */
interface OpenItem {
  item: ResponsesItem;
  /** Index of the tool call, for a call. */
  readonly call: number;
  readonly texts: Map<string, GrowingText>;
}

/** What a text is: decides where in the chunk it goes. */
type Kind = 'text' | 'refusal' | 'summary' | 'thought' | 'input';

/** Events that say only that the response is being worked on. */
const SIGNS_OF_LIFE = new Set(['response.in_progress', 'response.queued']);

/** In what the events of one response differ. */
const CHANGING: readonly JsonPath[] = [['sequence_number'], ['delta']];
const PADDING: readonly JsonPath[] = [['obfuscation']];

/** Translates the events of a streamed response. */
export class ResponsesTranslator implements ChunkTranslator {
  private readonly series = new JsonSeries(CHANGING, { padding: PADDING, reused: true });
  private readonly writer: ChunkWriter;
  /** By their place in the output: ids are not reliable, some hosts give an item a new one with each event. */
  private readonly items = new Map<unknown, OpenItem>();
  private calls = 0;
  private answerLength = 0;
  private hasReasoning = false;

  constructor(private readonly context: FormatContext<ChatRequest>) {
    this.writer = new ChunkWriter(context);
  }

  event({ data }: WireEvent, sink: ChunkSink): boolean {
    // Some hosts send it as they do for chat completions: it says nothing of the response.
    if (data === '[DONE]') return false;
    const event: unknown = this.series.parse(data);
    if (!isFields(event)) throw new SyntaxError('an event that is no JSON object');
    const type = textIn(event, 'type');
    switch (type) {
      case 'response.created':
        this.describe(event['response']);
        break;
      case 'response.output_item.added':
        this.begin(event['output_index'], event['item'], sink);
        break;
      case 'response.output_item.done':
        this.complete(event['output_index'], event['item'], sink);
        break;
      case 'response.output_text.delta':
        this.grow(event, 'text', sink);
        break;
      case 'response.refusal.delta':
        this.grow(event, 'refusal', sink);
        break;
      case 'response.reasoning_summary_text.delta':
        this.grow(event, 'summary', sink);
        break;
      case 'response.reasoning_text.delta':
        this.grow(event, 'thought', sink);
        break;
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
        this.grow(event, 'input', sink);
        break;
      case 'response.output_text.annotation.added':
        this.annotate(event, sink);
        break;
      case 'response.completed':
      case 'response.incomplete':
        this.finish(event['response'], sink);
        break;
      case 'response.failed':
        sink.fail(readFailure(event['response']));
        break;
      case 'error':
        sink.fail(readFailure(event));
        break;
      default:
        // The provider's own tools at work, texts that are done, and what is still to be invented.
        return type.startsWith('response.') && !SIGNS_OF_LIFE.has(type);
    }
    return true;
  }

  end(): boolean {
    return false;
  }

  private describe(response: unknown): void {
    if (!isFields(response)) throw new SyntaxError('an event without its response');
    const { id, model } = response;
    this.writer.describe({
      id: typeof id === 'string' ? id : undefined,
      model: typeof model === 'string' ? model : undefined,
      created: createdOf(response),
    });
  }

  private begin(index: unknown, item: unknown, sink: ChunkSink): OpenItem {
    if (!isItem(item)) throw new SyntaxError('an event without its item');
    const known = this.items.get(index);
    if (known !== undefined) return known;
    const open: OpenItem = { item, call: isCall(item) ? this.calls++ : -1, texts: new Map() };
    this.items.set(index, open);
    if (open.call !== -1) {
      const begins = item.type === 'custom_tool_call' ? { input: '' } : { arguments: '' };
      this.toCall(
        open,
        { id: textIn(item, 'call_id') || createToolCallId() },
        { name: textIn(item, 'name'), ...begins },
        sink,
      );
    }
    return open;
  }

  /** Some hosts send an item only when it is done, or its arguments with its beginning: what is missing is sent. */
  private complete(index: unknown, item: unknown, sink: ChunkSink): void {
    const open = this.begin(index, item, sink);
    open.item = item as ResponsesItem;
    if (open.call !== -1) {
      const name = open.item.type === 'custom_tool_call' ? 'input' : 'arguments';
      this.catchUp(open, 'input', undefined, textIn(open.item, name), sink);
    } else if (open.item.type === 'message') this.completeMessage(open, sink);
    else if (open.item.type === 'reasoning') {
      for (const [kind, parts] of [
        ['summary', open.item['summary']],
        ['thought', open.item['content']],
      ] as const) {
        for (const [place, part] of fieldsIn(parts).entries())
          this.catchUp(open, kind, place, textIn(part, 'text'), sink);
      }
    }
  }

  private completeMessage(open: OpenItem, sink: ChunkSink): void {
    for (const [place, part] of fieldsIn(open.item['content']).entries()) {
      if (part['type'] === 'refusal') this.catchUp(open, 'refusal', place, textIn(part, 'refusal'), sink);
      else if (part['type'] === 'output_text') {
        this.catchUp(open, 'text', place, textIn(part, 'text'), sink);
        const text = this.textAt(open, 'text', place);
        for (const source of fieldsIn(part['annotations']).slice(text.annotations))
          this.source(text, source, sink);
      }
    }
  }

  /** Sends what a whole text has beyond what has been sent of it. */
  private catchUp(open: OpenItem, kind: Kind, place: unknown, whole: string, sink: ChunkSink): void {
    const { sent } = this.textAt(open, kind, place);
    if (whole.length > sent.length && whole.startsWith(sent))
      this.send(open, kind, place, whole.slice(sent.length), sink);
  }

  private grow(event: Fields, kind: Kind, sink: ChunkSink): void {
    const { delta, content_index: part, summary_index: summary, logprobs } = event;
    if (typeof delta !== 'string') throw new SyntaxError('a piece without its text');
    const open = this.itemAt(event);
    // Pieces of an item of another kind than theirs go nowhere: they would be put into a call that is none.
    if (kind === 'input' && open.call === -1) return;
    this.send(open, kind, kind === 'summary' ? summary : part, delta, sink, logprobs);
  }

  private send(
    open: OpenItem,
    kind: Kind,
    place: unknown,
    piece: string,
    sink: ChunkSink,
    logprobs?: unknown,
  ): void {
    if (piece === '') return;
    const text = this.textAt(open, kind, place);
    const begins = text.sent === '';
    text.sent += piece;
    if (kind === 'text') {
      this.answerLength += piece.length;
      const content = toLogprobs(logprobs);
      this.delta(sink, { content: piece }, content.length > 0 ? { content, refusal: null } : undefined);
    } else if (kind === 'refusal') this.delta(sink, { refusal: piece });
    else if (kind === 'input') {
      const name = open.item.type === 'custom_tool_call' ? 'input' : 'arguments';
      this.toCall(open, {}, { [name]: piece }, sink);
    } else {
      const isNext = begins && this.hasReasoning;
      this.hasReasoning = true;
      this.delta(sink, { reasoning_content: isNext ? REASONING_BREAK + piece : piece });
    }
  }

  private annotate(event: Fields, sink: ChunkSink): void {
    if (!isFields(event['annotation'])) throw new SyntaxError('an event without its source');
    const text = this.textAt(this.itemAt(event), 'text', event['content_index']);
    this.source(text, event['annotation'], sink);
  }

  private source(text: GrowingText, source: Fields, sink: ChunkSink): void {
    text.annotations++;
    const annotation = toAnnotation(source, text.offset);
    if (annotation !== undefined) this.delta(sink, { annotations: [annotation] });
  }

  private toCall(open: OpenItem, begins: { id?: string }, fields: Fields, sink: ChunkSink): void {
    const type = open.item.type === 'custom_tool_call' ? 'custom' : 'function';
    const call = { index: open.call, ...begins, ...(begins.id !== undefined && { type }), [type]: fields };
    // The chunks of OpenAI's own have calls of custom tools in this form, though its types do not.
    this.delta(sink, { tool_calls: [call as ToolCallDelta] });
  }

  private delta(
    sink: ChunkSink,
    delta: ChatCompletionDelta,
    logprobs?: Parameters<ChunkWriter['delta']>[3],
  ): void {
    this.writer.delta(sink, delta, 0, logprobs);
  }

  private finish(document: unknown, sink: ChunkSink): void {
    const response = asResponse(document);
    if (response === undefined) throw new SyntaxError('the stream ends without its response');
    this.describe(response);
    // Nothing of the output was streamed: it is all in the end.
    if (this.items.size === 0)
      for (const [index, item] of response.output.entries()) this.complete(index, item, sink);
    // Some hosts leave the output out of the end.
    const seen = [...this.items.values()].map(({ item }) => item);
    const items = response.output.length > 0 ? response.output : seen;
    const native = toNativeFields(response, items, this.context);
    if (Object.keys(native).length > 0) this.delta(sink, native);
    this.writer.finish(sink, toFinishReason(response, items));
    const usage = toUsage(response);
    if (usage !== undefined) this.writer.usage(usage);
    this.writer.addExtra(toCompletionFields(response, items));
    this.writer.end(sink);
  }

  private itemAt({ output_index: index }: Fields): OpenItem {
    const open = this.items.get(index);
    if (open === undefined) throw new SyntaxError('an event for an item that has not begun');
    return open;
  }

  private textAt({ texts }: OpenItem, kind: Kind, place: unknown): GrowingText {
    const key = `${kind} ${String(place)}`;
    let text = texts.get(key);
    if (text === undefined) {
      text = { sent: '', offset: this.answerLength, annotations: 0 };
      texts.set(key, text);
    }
    return text;
  }
}
