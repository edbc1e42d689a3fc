import type { ChatRequest } from '../../operations/chat/chat-request.interface.js';
import { JsonSeries, type JsonPath } from '../../wire/json-series.js';
import type { WireEvent } from '../../wire/wire-decoder.interface.js';
import { ChunkWriter } from '../kit/chunk-writer.js';
import type { ChunkSink, ChunkTranslator, FormatContext } from '../provider-adapter.interface.js';
import { CandidateTranslator } from './gemini.candidate.js';
import { readGeminiError } from './gemini.errors.js';
import { toUsage, type GeminiCompletionUsage } from './gemini.usage.js';
import { listOf, stringOf, type GeminiResponse, type GeminiUsage } from './gemini.wire.js';

/** In what the events of one answer differ. */
const CHANGING: readonly JsonPath[] = [
  ['candidates', 0, 'content', 'parts', 0, 'text'],
  ['usageMetadata', 'candidatesTokenCount'],
  ['usageMetadata', 'thoughtsTokenCount'],
  ['usageMetadata', 'totalTokenCount'],
  ['usageMetadata', 'candidatesTokensDetails', 0, 'tokenCount'],
];

/** Far above what the API offers. */
const MAX_INDEX = 1000;

/**
 * Translates a stream, each event of which is a piece of the document that the unary call answers with. The stream has
 * no terminal event: it is whole when its body ends properly behind a finish reason of every candidate, or behind the
 * refusal of the prompt.
 */
export class GeminiTranslator implements ChunkTranslator {
  private readonly series = new JsonSeries(CHANGING, { reused: true });
  private readonly writer: ChunkWriter;
  private readonly candidates = new Map<number, CandidateTranslator>();
  private readonly counters: GeminiUsage = {};
  private blocked: GeminiResponse['promptFeedback'];

  constructor(private readonly context: FormatContext<ChatRequest>) {
    this.writer = new ChunkWriter(context);
  }

  event({ data }: WireEvent, sink: ChunkSink): boolean {
    const document = this.series.parse(data) as GeminiResponse;
    const error = readGeminiError(document, 500);
    if (error === undefined) return this.document(document, sink);
    sink.fail(error);
    return true;
  }

  /**
   * @returns whether there was content in it
   * @throws {SyntaxError} when it is no document of the API
   */
  document(document: GeminiResponse, sink: ChunkSink): boolean {
    if (typeof document !== 'object' || document === null)
      throw new SyntaxError('an event that is no JSON object');
    const { promptFeedback, usageMetadata, createTime } = document;
    const candidates = listOf(document.candidates);
    this.writer.describe({
      id: stringOf(document.responseId),
      model: stringOf(document.modelVersion),
      created: readTime(createTime),
    });
    Object.assign(this.counters, usageMetadata);
    if (candidates.length === 0 && isBlock(promptFeedback)) this.blocked = promptFeedback;
    for (const candidate of candidates) this.candidateOf(candidate.index ?? 0).event(candidate, sink);
    return candidates.length > 0 || this.blocked !== undefined;
  }

  end(sink: ChunkSink): boolean {
    const all = [...this.candidates.values()];
    const whole = all.length > 0 ? all.every(({ finished }) => finished) : this.blocked !== undefined;
    if (whole) this.finish(sink);
    return whole;
  }

  get usage(): GeminiCompletionUsage | undefined {
    return toUsage(this.counters);
  }

  /** Whether nothing is known of an answer. */
  get empty(): boolean {
    return (
      this.blocked === undefined &&
      [...this.candidates.values()].every(({ empty, finished }) => empty && !finished)
    );
  }

  /** Writes the end of every candidate, the usage, and the end of the stream. */
  finish(sink: ChunkSink): void {
    if (this.candidates.size === 0) {
      const fields = { [this.context.provider]: { promptFeedback: this.blocked } };
      this.writer.delta(sink, { provider_specific_fields: fields });
      this.writer.finish(sink, 'content_filter');
    }
    const citations = new Set<string>();
    for (const candidate of this.candidates.values()) {
      candidate.finish(sink);
      for (const uri of candidate.citations) citations.add(uri);
    }
    if (citations.size > 0) this.writer.addExtra({ citations: [...citations] });
    if (this.usage !== undefined) this.writer.usage(this.usage);
    this.writer.end(sink);
  }

  private candidateOf(index: number): CandidateTranslator {
    if (!Number.isInteger(index) || index < 0 || index > MAX_INDEX)
      throw new SyntaxError(`a candidate with the index ${String(index)}`);
    let candidate = this.candidates.get(index);
    if (candidate === undefined) {
      candidate = new CandidateTranslator(index, this.writer, this.context);
      this.candidates.set(index, candidate);
    }
    return candidate;
  }
}

/** @returns seconds since 1970 */
function readTime(time: string | undefined): number | undefined {
  if (time === undefined) return undefined;
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}

/** Feedback alone is no refusal of the prompt: it comes with every answer of older models. */
function isBlock(feedback: GeminiResponse['promptFeedback']): boolean {
  return feedback?.blockReason !== undefined || feedback?.blockReasonMessage !== undefined;
}
