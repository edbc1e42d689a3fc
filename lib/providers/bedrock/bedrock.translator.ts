import type { ChatRequest } from '../../operations/chat/chat-request.interface.js';
import { JsonSeries, type JsonPath } from '../../wire/json-series.js';
import type { WireEvent } from '../../wire/wire-decoder.interface.js';
import { ChunkWriter } from '../kit/chunk-writer.js';
import type { ChunkSink, ChunkTranslator, FormatContext } from '../provider-adapter.interface.js';
import { readStreamException } from './bedrock.errors.js';
import {
  answerToolOf,
  callerNameOf,
  finishReasonOf,
  serviceTierOf,
  specificsOf,
  ToolCallIds,
  toolNameOf,
  usageOf,
} from './bedrock.response.js';
import type { StreamPayload, ToolUse } from './bedrock.wire.js';

/** In what the pieces of one answer differ. */
const CHANGING: readonly JsonPath[] = [
  ['delta', 'text'],
  ['delta', 'toolUse', 'input'],
  ['delta', 'reasoningContent', 'text'],
];
const PADDING: readonly JsonPath[] = [['p']];

type Delta = NonNullable<StreamPayload['delta']>;

/** A block of a tool's input that is open. */
interface OpenTool {
  /** Index among the caller's tool calls; `undefined` for the hidden tool of a structured output. */
  readonly index: number | undefined;
  /** Whether its input goes nowhere: a second answer, or a tool that runs at AWS. */
  readonly ignored: boolean;
  hasInput: boolean;
}

/**
 * Translates a ConverseStream. `messageStop` says how the answer ended, `metadata` what it cost; either may be the
 * last, and the second may be missing.
 */
export class BedrockTranslator implements ChunkTranslator {
  private readonly series = new JsonSeries(CHANGING, { padding: PADDING, reused: true });
  private readonly writer: ChunkWriter;
  private readonly answerTool: string | undefined;
  private readonly tools = new Map<number, OpenTool>();
  private readonly ids = new ToolCallIds();
  private readonly citations: unknown[] = [];
  private redacted: string[] = [];
  private toolCalls = 0;
  /** Whether any of the reasoning is signed or encrypted. */
  private proven = false;
  private answered = false;
  /** Text beside an answer that comes through the hidden tool: whether one comes is known at the end. */
  private held = '';
  private stopReason: string | undefined;
  private additional: unknown;
  private metadata: StreamPayload | undefined;

  constructor(private readonly context: FormatContext<ChatRequest>) {
    this.writer = new ChunkWriter(context);
    this.answerTool = answerToolOf(context);
  }

  event({ event, data }: WireEvent, sink: ChunkSink): boolean {
    switch (event) {
      case 'messageStart':
        return true;
      case 'contentBlockStart':
        this.onBlockStart(parse(data), sink);
        return true;
      case 'contentBlockDelta':
        this.onDelta(objectOf(this.series.parse(data)), sink);
        return true;
      case 'contentBlockStop':
        this.onBlockStop(parse(data).contentBlockIndex ?? 0, sink);
        return true;
      case 'messageStop': {
        const { stopReason, additionalModelResponseFields } = parse(data);
        if (typeof stopReason !== 'string') throw new SyntaxError('messageStop without a stopReason');
        this.stopReason = stopReason;
        this.additional = additionalModelResponseFields;
        if (this.metadata !== undefined) this.finish(sink);
        return true;
      }
      case 'metadata':
        this.metadata = parse(data);
        if (this.stopReason !== undefined) this.finish(sink);
        return true;
      default: {
        const detail = event === undefined ? undefined : readStreamException(event, data);
        if (detail !== undefined) sink.fail(detail);
        return false;
      }
    }
  }

  end(sink: ChunkSink): boolean {
    if (this.stopReason === undefined) return false;
    this.finish(sink);
    return true;
  }

  private onBlockStart({ contentBlockIndex = 0, start }: StreamPayload, sink: ChunkSink): void {
    if (start?.toolUse) this.openTool(contentBlockIndex, start.toolUse, sink);
  }

  private openTool(block: number, { toolUseId, name, type }: ToolUse, sink: ChunkSink): void {
    const plain = toolNameOf(name);
    if (type === 'server_tool_use') {
      this.tools.set(block, { index: undefined, ignored: true, hasInput: false });
      return;
    }
    if (plain === this.answerTool) {
      this.tools.set(block, { index: undefined, ignored: this.answered, hasInput: false });
      this.answered = true;
      return;
    }
    const index = this.toolCalls++;
    this.tools.set(block, { index, ignored: false, hasInput: false });
    this.writer.delta(sink, {
      tool_calls: [
        {
          index,
          id: this.ids.next(toolUseId),
          type: 'function',
          function: { name: callerNameOf(plain, this.context), arguments: '' },
        },
      ],
    });
  }

  private onDelta({ contentBlockIndex = 0, delta }: StreamPayload, sink: ChunkSink): void {
    if (!delta) return;
    if (typeof delta.text === 'string' && delta.text !== '') this.onText(delta.text, sink);
    if (delta.toolUse) this.onInput(contentBlockIndex, delta.toolUse.input, sink);
    if (delta.reasoningContent) this.onReasoning(delta.reasoningContent, sink);
    if (delta.citation) this.citations.push(delta.citation);
  }

  private onText(text: string, sink: ChunkSink): void {
    if (this.answerTool === undefined) this.writer.delta(sink, { content: text });
    else this.held += text;
  }

  private onInput(block: number, input: unknown, sink: ChunkSink): void {
    const tool = this.tools.get(block);
    if (tool === undefined) throw new SyntaxError('input of a tool whose call has not begun');
    if (typeof input !== 'string' || input === '' || tool.ignored) return;
    tool.hasInput = true;
    this.writeInput(tool, input, sink);
  }

  private writeInput({ index }: OpenTool, input: string, sink: ChunkSink): void {
    this.writer.delta(
      sink,
      index === undefined ? { content: input } : { tool_calls: [{ index, function: { arguments: input } }] },
    );
  }

  private onReasoning(
    { text, signature, redactedContent }: NonNullable<Delta['reasoningContent']>,
    sink: ChunkSink,
  ): void {
    if (typeof text === 'string' && text !== '') {
      this.writer.delta(sink, {
        reasoning_content: text,
        thinking_blocks: [{ type: 'thinking', thinking: text }],
      });
    }
    if (typeof signature === 'string' && signature !== '') {
      this.proven = true;
      this.writer.delta(sink, { thinking_blocks: [{ type: 'thinking', thinking: '', signature }] });
    }
    if (typeof redactedContent === 'string') this.redacted.push(redactedContent);
  }

  private onBlockStop(block: number, sink: ChunkSink): void {
    const { redacted } = this;
    if (redacted.length > 0) {
      this.redacted = [];
      this.proven = true;
      this.writer.delta(sink, {
        thinking_blocks: [{ type: 'redacted_thinking', data: joinBase64(redacted) }],
      });
    }
    const tool = this.tools.get(block);
    if (tool === undefined) return;
    this.tools.delete(block);
    // A tool without parameters gets no input at all, and the caller parses what it gets.
    if (!tool.hasInput && !tool.ignored) this.writeInput(tool, '{}', sink);
  }

  private finish(sink: ChunkSink): void {
    const { writer, metadata, held, answered, citations } = this;
    const stopReason = this.stopReason!;
    for (const block of this.tools.keys()) this.onBlockStop(block, sink);
    if (this.redacted.length > 0) this.onBlockStop(-1, sink);
    if (held !== '' && !answered) writer.delta(sink, { content: held });
    const specifics = specificsOf(
      {
        ...metadata,
        stopReason,
        additionalModelResponseFields: this.additional,
        text: answered ? held : undefined,
      },
      this.proven ? this.context : undefined,
    );
    if (specifics !== undefined) writer.delta(sink, { provider_specific_fields: specifics });
    writer.finish(sink, finishReasonOf(stopReason, this.toolCalls > 0));
    const usage = usageOf(metadata?.usage);
    if (usage !== undefined) writer.usage(usage);
    const tier = serviceTierOf(metadata?.serviceTier);
    if (tier !== undefined) writer.addExtra({ service_tier: tier });
    if (citations.length > 0) writer.addExtra({ citations });
    writer.end(sink);
  }
}

/** Pieces of one value, each encoded by itself. */
function joinBase64(pieces: readonly string[]): string {
  if (pieces.length === 1) return pieces[0]!;
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64'))).toString('base64');
}

function parse(data: string): StreamPayload {
  return objectOf(JSON.parse(data));
}

function objectOf(payload: unknown): StreamPayload {
  if (typeof payload !== 'object' || payload === null)
    throw new SyntaxError('an event that is no JSON object');
  return payload;
}
