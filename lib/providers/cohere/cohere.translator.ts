import type { ChatRequest } from '../../operations/chat/chat-request.interface.js';
import { JsonSeries, type JsonPath } from '../../wire/json-series.js';
import type { WireEvent } from '../../wire/wire-decoder.interface.js';
import { ChunkWriter, createToolCallId } from '../kit/chunk-writer.js';
import type { ChunkSink, ChunkTranslator, FormatContext } from '../provider-adapter.interface.js';
import { failureOf, readCohereError } from './cohere.errors.js';
import { argumentsOf, finishReasonOf, logprobsOf, usageOf } from './cohere.response.js';
import type { CohereEvent } from './cohere.wire.js';

/** In what the events of one answer differ. */
const CHANGING: readonly JsonPath[] = [
  ['delta', 'message', 'content', 'text'],
  ['delta', 'message', 'content', 'thinking'],
  ['delta', 'message', 'tool_plan'],
  ['delta', 'message', 'tool_calls', 'function', 'arguments'],
];

/** Translates Cohere's stream, which `message-end` ends. */
export class CohereTranslator implements ChunkTranslator {
  private readonly series = new JsonSeries(CHANGING, { reused: true });
  private readonly writer: ChunkWriter;
  private readonly citations: unknown[] = [];
  private toolCalls = 0;
  /** The arguments of the open call while they may still turn out to be `null`. */
  private held: string | undefined;

  constructor(context: FormatContext<ChatRequest>) {
    this.writer = new ChunkWriter(context);
  }

  event({ data }: WireEvent, sink: ChunkSink): boolean {
    const event = this.series.parse(data) as CohereEvent | null;
    if (typeof event !== 'object' || event === null) throw new SyntaxError('an event that is no JSON object');
    const { delta, type } = event;
    switch (type) {
      case 'message-start':
        this.writer.describe({ id: event.id });
        return true;
      case 'content-start':
      case 'content-delta':
        this.onContent(event, sink);
        return true;
      case 'tool-plan-delta': {
        const plan = delta?.message?.tool_plan;
        if (typeof plan === 'string' && plan !== '') this.writer.delta(sink, { reasoning_content: plan });
        return true;
      }
      case 'tool-call-start':
        this.onCall(event, sink);
        return true;
      case 'tool-call-delta':
        this.onArguments(delta?.message?.tool_calls?.function?.arguments, sink);
        return true;
      case 'tool-call-end':
        this.endCall(sink);
        return true;
      case 'citation-start':
        if (delta?.message?.citations) this.citations.push(delta.message.citations);
        return true;
      case 'message-end':
        this.onEnd(delta, sink);
        return true;
      case undefined: {
        const detail = readCohereError(event, 500);
        if (detail !== undefined) sink.fail({ ...detail, status: detail.status ?? 500 });
        return false;
      }
      default:
        return false;
    }
  }

  end(): boolean {
    return false;
  }

  private onContent({ delta, logprobs }: CohereEvent, sink: ChunkSink): void {
    const { text, thinking } = delta?.message?.content ?? {};
    if (typeof thinking === 'string' && thinking !== '') {
      this.writer.delta(sink, {
        reasoning_content: thinking,
        thinking_blocks: [{ type: 'thinking', thinking }],
      });
    }
    if (typeof text !== 'string' || text === '') return;
    const probabilities = logprobs ? logprobsOf([logprobs]) : null;
    this.writer.delta(sink, { content: text }, 0, probabilities ?? undefined);
  }

  private onCall({ delta }: CohereEvent, sink: ChunkSink): void {
    this.endCall(sink);
    const index = this.toolCalls++;
    const { id, function: called } = delta?.message?.tool_calls ?? {};
    this.held = '';
    this.writer.delta(sink, {
      tool_calls: [
        {
          index,
          id: id || createToolCallId(),
          type: 'function',
          function: { name: called?.name ?? '', arguments: '' },
        },
      ],
    });
    this.onArguments(called?.arguments, sink);
  }

  private onArguments(piece: unknown, sink: ChunkSink): void {
    if (typeof piece !== 'string' || piece === '') return;
    if (this.toolCalls === 0) throw new SyntaxError('arguments of a tool call that has not begun');
    if (this.held === undefined) return this.write(piece, sink);
    this.held += piece;
    if ('null'.startsWith(this.held.trim())) return;
    const { held } = this;
    this.held = undefined;
    this.write(held, sink);
  }

  private endCall(sink: ChunkSink): void {
    if (this.held === undefined) return;
    const { held } = this;
    this.held = undefined;
    this.write(argumentsOf(held), sink);
  }

  private write(piece: string, sink: ChunkSink): void {
    this.writer.delta(sink, { tool_calls: [{ index: this.toolCalls - 1, function: { arguments: piece } }] });
  }

  private onEnd(delta: CohereEvent['delta'], sink: ChunkSink): void {
    const reason = delta?.finish_reason;
    const failure = failureOf(reason, delta?.error);
    if (failure !== undefined) return sink.fail(failure);
    if (typeof reason !== 'string') throw new SyntaxError('message-end without a finish_reason');
    this.endCall(sink);
    this.writer.finish(sink, finishReasonOf(reason));
    const usage = usageOf(delta?.usage);
    if (usage !== undefined) this.writer.usage(usage);
    if (this.citations.length > 0) this.writer.addExtra({ citations: this.citations });
    this.writer.end(sink);
  }
}
