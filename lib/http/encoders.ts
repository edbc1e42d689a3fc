import { randomUUID } from 'node:crypto';
import { toOpenAIError, type ChatCompletionChunk, type ChunkEncoder, type LlmError } from '../index.js';

/** Only what a model says, as text. An answer that breaks off ends so, as text has no room for an error. */
export class PlainTextEncoder implements ChunkEncoder {
  readonly heartbeat = '';

  chunk({ choices }: ChatCompletionChunk): string {
    return choices[0]?.delta.content ?? '';
  }

  end(): string {
    return '';
  }
}

/**
 * OpenAI's chunks for a browser's `EventSource`, which connects again whenever a response ends: the last event, `done` or
 * `failed`, is for the page to close it at, and each event has an id, by which a connection that is made again is known.
 */
export class EventSourceEncoder implements ChunkEncoder {
  readonly heartbeat = ': keep-alive\n\n';
  private count = 0;

  chunk(chunk: ChatCompletionChunk): string {
    return `id: ${++this.count}\ndata: ${JSON.stringify(chunk)}\n\n`;
  }

  end(failure: LlmError | undefined): string {
    const id = `id: ${++this.count}\n`;
    return failure === undefined
      ? `${id}event: done\ndata: [DONE]\n\n`
      : `${id}event: failed\ndata: ${JSON.stringify(toOpenAIError(failure))}\n\n`;
  }
}

interface OpenToolCall {
  readonly id: string;
  readonly name: string;
  json: string;
}

/**
 * The UI message stream of the AI SDK, which its `useChat()` reads.
 *
 * @see {@link https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol#data-stream-protocol}
 */
export class UiMessageEncoder implements ChunkEncoder {
  readonly heartbeat = ': keep-alive\n\n';
  private started = false;
  private open: { readonly kind: 'text' | 'reasoning'; readonly id: string } | undefined;
  private readonly calls = new Map<number, OpenToolCall>();
  private parts = 0;

  chunk({ choices }: ChatCompletionChunk): string {
    let out = this.start();
    const delta = choices[0]?.delta;
    if (delta === undefined) return out;
    const { content, tool_calls: calls, reasoning_content: reasoning } = delta;
    if (typeof reasoning === 'string' && reasoning !== '') out += this.say('reasoning', reasoning);
    if (typeof content === 'string' && content !== '') out += this.say('text', content);
    for (const { index, id, function: call } of calls ?? []) {
      let open = this.calls.get(index);
      if (open === undefined) {
        open = { id: id ?? `call_${index}`, name: call?.name ?? '', json: '' };
        this.calls.set(index, open);
        out += this.close() + part({ type: 'tool-input-start', toolCallId: open.id, toolName: open.name });
      }
      const piece = call?.arguments ?? '';
      if (piece === '') continue;
      open.json += piece;
      out += part({ type: 'tool-input-delta', toolCallId: open.id, inputTextDelta: piece });
    }
    return out;
  }

  end(failure: LlmError | undefined): string {
    let out = this.start() + this.close();
    if (failure === undefined) {
      for (const { id, name, json } of this.calls.values()) out += inputOf(id, name, json);
      out += part({ type: 'finish-step' }) + part({ type: 'finish' });
    } else out += part({ type: 'error', errorText: toOpenAIError(failure).error.message });
    return `${out}data: [DONE]\n\n`;
  }

  private start(): string {
    if (this.started) return '';
    this.started = true;
    return part({ type: 'start', messageId: randomUUID() }) + part({ type: 'start-step' });
  }

  private say(kind: 'text' | 'reasoning', delta: string): string {
    let out = '';
    if (this.open?.kind !== kind) {
      out = this.close();
      this.open = { kind, id: `${kind}-${++this.parts}` };
      out += part({ type: `${kind}-start`, id: this.open.id });
    }
    return out + part({ type: `${kind}-delta`, id: this.open.id, delta });
  }

  private close(): string {
    const { open } = this;
    this.open = undefined;
    return open === undefined ? '' : part({ type: `${open.kind}-end`, id: open.id });
  }
}

function inputOf(toolCallId: string, toolName: string, json: string): string {
  try {
    const input: unknown = json === '' ? {} : JSON.parse(json);
    return part({ type: 'tool-input-available', toolCallId, toolName, input });
  } catch {
    const errorText = 'The model wrote arguments that are no JSON.';
    return part({ type: 'tool-input-error', toolCallId, toolName, input: json, errorText });
  }
}

function part(value: { readonly type: string; readonly [name: string]: unknown }): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}
