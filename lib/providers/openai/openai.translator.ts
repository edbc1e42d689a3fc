import type { ChatCompletionChunk, ToolCallDelta } from '../../chat/chat-completion-chunk.interface.js';
import type { WireEvent } from '../../wire/wire-decoder.interface.js';
import type { ChunkSink, ChunkTranslator } from '../provider-adapter.interface.js';
import { readOpenAIError } from './openai.errors.js';
import type { OpenAIQuirks } from './openai.format.js';

/** Assigns the indices of a choice's tool calls: some servers send index 0 throughout, or none. */
class ToolCallIndices {
  private readonly ids: string[] = [];
  /** Our index by the provider's. */
  private readonly byTheirs = new Map<number, number>();
  private latest: number | undefined;

  /** @returns whether an index had to be changed */
  assign(deltas: ToolCallDelta[]): boolean {
    let changed = false;
    for (const delta of deltas) {
      const index = this.indexOf(delta);
      if (delta.index === index) continue;
      delta.index = index;
      changed = true;
    }
    return changed;
  }

  private indexOf({ id, index: theirs, function: called }: Partial<ToolCallDelta>): number {
    const counted = typeof theirs === 'number';
    const current = counted ? this.byTheirs.get(theirs) : this.latest;
    let index: number;
    if (current === undefined) index = this.add(id);
    // Without an index or an id, only the name shows where a call begins.
    else if (!id) index = !counted && called?.name ? this.add(id) : current;
    else if (!this.ids[current]) {
      this.ids[current] = id;
      index = current;
    }
    // Another id under an index that is in use: this server does not count, so the id tells the calls apart.
    else index = this.ids[current] === id ? current : (this.find(id) ?? this.add(id));
    if (counted) this.byTheirs.set(theirs, index);
    this.latest = index;
    return index;
  }

  private find(id: string): number | undefined {
    const index = this.ids.indexOf(id);
    return index === -1 ? undefined : index;
  }

  private add(id: string | undefined): number {
    return this.ids.push(id ?? '') - 1;
  }
}

/** An event of OpenAI's stream: a chunk, or an error. */
type OpenAIEvent = Omit<ChatCompletionChunk, 'object'> & { error?: unknown; object: string };

/** Translates OpenAI's own stream: most chunks go through as they came. */
export class OpenAITranslator implements ChunkTranslator {
  private readonly toolCalls = new Map<number, ToolCallIndices>();
  /** Whether a choice has its finish reason. */
  private readonly finished = new Map<number, boolean>();

  constructor(private readonly quirks: OpenAIQuirks) {}

  event(event: WireEvent, sink: ChunkSink): boolean {
    const { data } = event;
    if (data === '[DONE]') {
      sink.finish();
      return true;
    }
    const parsed = JSON.parse(data) as OpenAIEvent | null;
    if (typeof parsed !== 'object' || parsed === null)
      throw new SyntaxError('an event that is no JSON object');
    // OpenRouter's error comes with choices, vLLM's without the field, Gemini's in a list.
    if (parsed.error || parsed.object === 'error' || event.event === 'error' || Array.isArray(parsed)) {
      sink.fail(readOpenAIError(parsed, 500) ?? { message: data });
      return true;
    }
    const chunk = parsed as ChatCompletionChunk;
    if (!Array.isArray(chunk.choices)) return this.withoutChoices(chunk, sink);
    let intact = true;
    for (const choice of chunk.choices) {
      const { delta } = choice;
      if (typeof choice.index !== 'number') {
        choice.index = 0;
        intact = false;
      }
      if (delta === undefined || delta === null) {
        choice.delta = {};
        intact = false;
      } else {
        if (delta.tool_calls) {
          if (this.indicesOf(choice.index).assign(delta.tool_calls)) intact = false;
        }
        const { reasoningField } = this.quirks;
        if (reasoningField !== undefined) {
          const reasoning = (delta as Record<string, unknown>)[reasoningField];
          if (typeof reasoning === 'string' && delta.reasoning_content === undefined) {
            delta.reasoning_content = reasoning;
            intact = false;
          }
        }
      }
      if (choice.finish_reason) this.finished.set(choice.index, true);
      else if (!this.finished.has(choice.index)) this.finished.set(choice.index, false);
    }
    sink.push(chunk, intact ? data : undefined);
    return true;
  }

  end(): boolean {
    return (
      this.quirks.endsWithFinishReason &&
      this.finished.size > 0 &&
      [...this.finished.values()].every((finished) => finished)
    );
  }

  /** A chunk of usage alone; anything else without choices is a sign of life at most. */
  private withoutChoices(chunk: ChatCompletionChunk, sink: ChunkSink): boolean {
    if (!chunk.usage) return false;
    sink.push({ ...chunk, choices: [] });
    return true;
  }

  private indicesOf(choice: number): ToolCallIndices {
    let indices = this.toolCalls.get(choice);
    if (indices === undefined) {
      indices = new ToolCallIndices();
      this.toolCalls.set(choice, indices);
    }
    return indices;
  }
}
