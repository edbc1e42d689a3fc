import { randomUUID } from 'node:crypto';
import type {
  CompletionUsage,
  FinishReason,
  Logprobs,
} from '../../operations/chat/chat-completion.interface.js';
import type {
  ChatCompletionChunk,
  ChatCompletionDelta,
} from '../../operations/chat/chat-completion-chunk.interface.js';
import type { ChatRequest } from '../../operations/chat/chat-request.interface.js';
import type { ChunkSink, FormatContext } from '../provider-adapter.interface.js';

/** An id for a completion of a provider that gives none. */
export function createCompletionId(): string {
  return `chatcmpl-${randomUUID()}`;
}

/** An id for a tool call of a provider that gives none; no other call has it. OpenAI takes 40 characters of one. */
export function createToolCallId(): string {
  return `call_${randomUUID().replaceAll('-', '')}`;
}

/** Seconds since 1970, for a completion of a provider that gives no time. */
export function createdNow(): number {
  return Math.floor(Date.now() / 1000);
}

/**
 * Writes clean OpenAI chunks: the role first, one finish reason for each choice, the usage last and only when the
 * caller asked for it; it is counted all the same.
 */
export class ChunkWriter {
  private id = createCompletionId();
  private model: string;
  private created = createdNow();
  private readonly begun = new Set<number>();
  private readonly includesUsage: boolean;
  private collected: CompletionUsage | undefined;
  private extra: Partial<ChatCompletionChunk> = {};

  constructor(context: FormatContext<ChatRequest>) {
    this.model = context.model;
    this.includesUsage = context.request.stream_options?.include_usage === true;
  }

  /** What the provider says of the completion; what it leaves out stays as it was. */
  describe(about: {
    id?: string | undefined;
    model?: string | undefined;
    created?: number | undefined;
  }): void {
    this.id = about.id ?? this.id;
    this.model = about.model ?? this.model;
    this.created = about.created ?? this.created;
  }

  delta(sink: ChunkSink, delta: ChatCompletionDelta, index = 0, logprobs?: Logprobs): void {
    const first = !this.begun.has(index);
    if (first) this.begun.add(index);
    const choice = {
      index,
      delta: first ? { role: 'assistant' as const, ...delta } : delta,
      finish_reason: null,
    };
    sink.push(this.chunk([logprobs === undefined ? choice : { ...choice, logprobs }]));
  }

  finish(sink: ChunkSink, reason: FinishReason, index = 0): void {
    const delta: ChatCompletionDelta = this.begun.has(index) ? {} : { role: 'assistant', content: '' };
    this.begun.add(index);
    sink.push(this.chunk([{ index, delta, finish_reason: reason }]));
  }

  /** Keeps the usage for the end of the stream. */
  usage(usage: CompletionUsage): void {
    this.collected = usage;
  }

  /** Fields that the last chunk carries besides, such as citations. */
  addExtra(extra: Partial<ChatCompletionChunk>): void {
    Object.assign(this.extra, extra);
  }

  /** The stream is complete: writes what belongs to its end, and ends it. */
  end(sink: ChunkSink): void {
    const hasExtra = Object.keys(this.extra).length > 0;
    if (this.collected !== undefined) sink.usage(this.collected);
    const usage = this.includesUsage ? this.collected : undefined;
    if (usage !== undefined || hasExtra)
      sink.push({ ...this.chunk([]), ...this.extra, ...(usage && { usage }) });
    sink.finish();
  }

  private chunk(choices: ChatCompletionChunk['choices']): ChatCompletionChunk {
    return {
      id: this.id,
      object: 'chat.completion.chunk',
      created: this.created,
      model: this.model,
      choices,
    };
  }
}
