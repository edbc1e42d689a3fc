import type { ChatCompletionChunk, ToolCallDelta } from '../../chat/chat-completion-chunk.interface.js';
import type { WireEvent } from '../../wire/wire-decoder.interface.js';
import type { ChunkSink, ChunkTranslator } from '../provider-adapter.interface.js';
import { readOpenAIError } from './openai.errors.js';
import type { OpenAIQuirks } from './openai.format.js';

/** Assigns the indices of a choice's tool calls: some servers send index 0 throughout, or none. */
class ToolCallIndices {
  private readonly ids: string[] = [];
  /** Our index by the provider's. */
  private readonly byTheirs = new Map<number | undefined, number>();

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

  private indexOf({ id, index: theirs }: Partial<ToolCallDelta>): number {
    const current = this.byTheirs.get(theirs);
    const begins =
      id !== undefined && id !== null && id !== '' && (current === undefined || this.ids[current] !== id);
    if (!begins && current !== undefined) return current;
    const known = begins ? this.ids.indexOf(id) : -1;
    const index = known === -1 ? this.ids.length : known;
    if (known === -1) this.ids.push(id ?? '');
    this.byTheirs.set(theirs, index);
    return index;
  }
}

/** Translates OpenAI's own stream: most chunks go through as they came. */
export class OpenAITranslator implements ChunkTranslator {
  private readonly toolCalls: ToolCallIndices[] = [];
  private readonly open = new Set<number>();
  private begun = false;

  constructor(private readonly quirks: OpenAIQuirks) {}

  event(event: WireEvent, sink: ChunkSink): boolean {
    const { data } = event;
    if (data === '[DONE]') {
      sink.finish();
      return true;
    }
    const chunk = JSON.parse(data) as ChatCompletionChunk;
    if (typeof chunk !== 'object' || chunk === null) throw new SyntaxError('an event that is no JSON object');
    if (!Array.isArray(chunk.choices)) return this.withoutChoices(chunk, sink);
    let intact = true;
    for (const choice of chunk.choices) {
      const { delta } = choice;
      if (delta === undefined || delta === null) {
        choice.delta = {};
        intact = false;
      } else {
        if (delta.tool_calls) {
          const indices = (this.toolCalls[choice.index] ??= new ToolCallIndices());
          if (indices.assign(delta.tool_calls)) intact = false;
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
      this.begun = true;
      if (choice.finish_reason) this.open.delete(choice.index);
      else this.open.add(choice.index);
    }
    sink.push(chunk, intact ? data : undefined);
    return true;
  }

  end(): boolean {
    return this.quirks.endsWithFinishReason && this.begun && this.open.size === 0;
  }

  private withoutChoices(chunk: ChatCompletionChunk, sink: ChunkSink): boolean {
    const error = readOpenAIError(chunk, 500);
    if (error !== undefined && 'error' in chunk) sink.fail(error);
    // A chunk of usage alone; anything else without choices is no chunk of a completion.
    else if (chunk.usage) sink.push({ ...chunk, choices: [] });
    return true;
  }
}
