import type { ChatRequest } from '../../operations/chat/chat-request.interface.js';
import { JsonSeries, type JsonPath } from '../../wire/json-series.js';
import type { WireEvent } from '../../wire/wire-decoder.interface.js';
import { ChunkWriter } from '../kit/chunk-writer.js';
import { ThinkTags } from '../openai/think-tags.js';
import type { ChunkSink, ChunkTranslator, FormatContext } from '../provider-adapter.interface.js';
import { readOllamaError } from './ollama.errors.js';
import { createdOf, finishReasonOf, logprobsOf, toolCallsOf, usageOf } from './ollama.response.js';
import type { OllamaResponse } from './ollama.wire.js';

/** In what the lines of one answer differ. */
const CHANGING: readonly JsonPath[] = [
  ['message', 'content'],
  ['message', 'thinking'],
];
/** Of the times only the first line's is read. */
const PADDING: readonly JsonPath[] = [['created_at']];

/** Translates Ollama's stream, a document a line; the one with `done` is the last. */
export class OllamaTranslator implements ChunkTranslator {
  private readonly series = new JsonSeries(CHANGING, { padding: PADDING, reused: true });
  private readonly writer: ChunkWriter;
  private described = false;
  private readonly tags = new ThinkTags();
  private toolCalls = 0;

  constructor(context: FormatContext<ChatRequest>) {
    this.writer = new ChunkWriter(context);
  }

  event({ data }: WireEvent, sink: ChunkSink): boolean {
    const line = this.series.parse(data) as OllamaResponse | null;
    if (typeof line !== 'object' || line === null) throw new SyntaxError('a line that is no JSON object');
    const detail = readOllamaError(line, 500);
    if (detail !== undefined) {
      sink.fail({ ...detail, status: 500 });
      return false;
    }
    if (!this.described) {
      this.described = true;
      this.writer.describe({ model: line.model, created: createdOf(line.created_at) });
    }
    this.onMessage(line, sink);
    if (line.done === true) this.onDone(line, sink);
    return true;
  }

  end(): boolean {
    return false;
  }

  private onMessage(line: OllamaResponse, sink: ChunkSink): void {
    const { content: said, thinking } = line.message ?? {};
    if (typeof thinking === 'string' && thinking !== '') {
      this.writer.delta(sink, { reasoning_content: thinking });
    }
    const content = typeof said === 'string' && !this.tags.done ? this.split(said, line, sink) : said;
    const logprobs = logprobsOf(line.logprobs) ?? undefined;
    if (typeof content === 'string' && (content !== '' || logprobs !== undefined)) {
      this.writer.delta(sink, { content }, 0, logprobs);
    }
    const calls = toolCallsOf(line);
    if (calls.length === 0) return;
    this.writer.delta(sink, { tool_calls: calls.map((call) => ({ index: this.toolCalls++, ...call })) });
  }

  /** Ollama leaves the tags of models whose thinking it does not know where they are. @returns what is answer */
  private split(piece: string, line: OllamaResponse, sink: ChunkSink): string {
    const { reasoning, content } = this.tags.push(piece);
    const isLast = line.done === true || toolCallsOf(line).length > 0;
    const rest = isLast ? this.tags.end() : { reasoning: '', content: '' };
    const thought = reasoning + rest.reasoning;
    if (thought !== '') this.writer.delta(sink, { reasoning_content: thought });
    return content + rest.content;
  }

  private onDone(line: OllamaResponse, sink: ChunkSink): void {
    this.writer.finish(sink, finishReasonOf(line.done_reason, this.toolCalls > 0));
    const usage = usageOf(line);
    if (usage !== undefined) this.writer.usage(usage);
    this.writer.end(sink);
  }
}
