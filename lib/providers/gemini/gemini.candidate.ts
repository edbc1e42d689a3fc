import type {
  ChatCompletionDelta,
  ToolCallDelta,
} from '../../operations/chat/chat-completion-chunk.interface.js';
import type { ChatRequest } from '../../operations/chat/chat-request.interface.js';
import { createToolCallId, type ChunkWriter } from '../kit/chunk-writer.js';
import { originFields } from '../kit/origin.js';
import { ownToolName } from '../kit/tool-calls.js';
import type { ChunkSink, FormatContext } from '../provider-adapter.interface.js';
import { ArgumentsWriter } from './gemini.arguments.js';
import { toFinishReason } from './gemini.finish.js';
import { toAnnotations, toCitations, toLogprobs } from './gemini.grounding.js';
import { TOOL_NAMES } from './gemini.names.js';
import type { GeminiMessageFields, GeminiStretch, GeminiToolCallFields } from './gemini.native.js';
import {
  listOf,
  stringOf,
  type GeminiCandidate,
  type GeminiFunctionCall,
  type GeminiPart,
} from './gemini.wire.js';

/** Fields of a candidate that OpenAI's message lacks; those of a later event replace earlier ones. */
const NATIVE_FIELDS: ReadonlySet<string> = new Set<keyof GeminiCandidate>([
  'finishMessage',
  'safetyRatings',
  'groundingMetadata',
  'urlContextMetadata',
  'avgLogprobs',
]);

/** Reasons that OpenAI's finish reason says as well. */
const SAID_BY_OPENAI = new Set(['STOP', 'MAX_TOKENS']);

/** Translates one candidate of an answer, event by event. */
export class CandidateTranslator {
  private text = '';
  private calls = 0;
  private reason: string | undefined;
  /** What is known of the candidate besides its content. */
  private readonly about: GeminiCandidate = {};
  /**
   * Calls that wait for the next part: when that is a result, the provider itself made the call, of a server-side
   * tool, and it is not the caller's to make.
   */
  private held: GeminiPart[] = [];
  /** How many of them have had their result. */
  private answered = 0;
  /** How the parts followed on each other. */
  private readonly order: GeminiStretch[] = [];
  /** Whether anything of the answer is signed. */
  private signed = false;
  /** A call whose arguments come in pieces. */
  private partial: { readonly index: number; readonly args: ArgumentsWriter } | undefined;

  constructor(
    private readonly index: number,
    private readonly writer: ChunkWriter,
    private readonly context: FormatContext<ChatRequest>,
  ) {}

  /** Whether the provider has said why the candidate ended, and nothing came after. */
  get finished(): boolean {
    return this.reason !== undefined;
  }

  get empty(): boolean {
    return this.text === '' && this.calls === 0 && this.waiting === 0;
  }

  private get waiting(): number {
    return this.held.length - this.answered;
  }

  get citations(): string[] {
    return toCitations(this.about);
  }

  event(candidate: GeminiCandidate, sink: ChunkSink): void {
    const parts = listOf(candidate.content?.parts);
    // Older models give a reason with every event, and server-side tools one before they run: the last one counts.
    const reason = stringOf(candidate.finishReason);
    if (reason !== undefined) this.reason = reason;
    else if (parts.length > 0) this.reason = undefined;
    this.describe(candidate);
    if (candidate.logprobsResult)
      this.writer.delta(sink, {}, this.index, toLogprobs(candidate.logprobsResult));
    for (const part of parts) this.part(part, sink);
  }

  finish(sink: ChunkSink): void {
    this.flushCalls(sink);
    this.endPartial(sink);
    const { about, reason } = this;
    const annotations = toAnnotations(about, this.text);
    const { index: _index, content: _content, ...native } = about;
    const fields = {
      ...native,
      ...(reason !== undefined && !SAID_BY_OPENAI.has(reason) && { finishReason: reason }),
    };
    if (annotations.length > 0) this.delta(sink, { annotations });
    if (Object.keys(fields).length > 0) this.native(sink, fields);
    if (!isUsualOrder(this.order)) this.native(sink, { order: this.order });
    if (this.signed) this.delta(sink, { provider_specific_fields: originFields(this.context) });
    this.writer.finish(sink, toFinishReason(reason, this.calls > 0), this.index);
  }

  private describe(candidate: GeminiCandidate): void {
    const about = this.about as Record<string, unknown>;
    // By the names that there are: most events have none of these fields.
    for (const name in candidate) {
      if (!NATIVE_FIELDS.has(name)) continue;
      const value = (candidate as Record<string, unknown>)[name];
      if (value === undefined || value === null) continue;
      // Early events of some models have it empty, or in part.
      if (name === 'groundingMetadata') about[name] = Object.assign(about[name] ?? {}, value);
      else about[name] = value;
    }
    const { citationMetadata } = candidate;
    if (typeof citationMetadata !== 'object' || citationMetadata === null) return;
    const known = (this.about.citationMetadata ??= {});
    for (const name of ['citations', 'citationSources'] as const) {
      const more = listOf(citationMetadata[name]);
      if (more.length === 0) continue;
      const all = (known[name] ??= []);
      for (const one of more) all.push(one);
    }
  }

  private part(part: GeminiPart, sink: ChunkSink): void {
    const { functionCall, functionResponse, text } = part;
    if (functionCall) return this.call(part, functionCall, sink);
    if (functionResponse && this.waiting > 0) {
      this.ownParts([this.held[this.answered++]!, part], sink);
      return;
    }
    this.flushCalls(sink);
    if (typeof text === 'string') this.words(text, part, sink);
    // Some answers have parts with nothing in them.
    else if (Object.keys(part).length > 0) this.ownParts([part], sink);
  }

  /** Parts that OpenAI's shape has no form of. */
  private ownParts(parts: GeminiPart[], sink: ChunkSink): void {
    for (const { thoughtSignature } of parts) {
      this.order.push('part');
      if (thoughtSignature !== undefined) this.signed = true;
    }
    this.native(sink, { parts });
  }

  /** Text goes on with the text before it, until a signature ends the part that it is of. */
  private stretch(text: string, thoughtSignature: string | undefined): void {
    const last = this.order.at(-1);
    const before = typeof last === 'object' && last.thoughtSignature === undefined ? last.text : undefined;
    if (before !== undefined) this.order.pop();
    else if (text === '' && thoughtSignature === undefined) return;
    this.order.push({
      text: (before ?? 0) + text.length,
      ...(thoughtSignature !== undefined && { thoughtSignature }),
    });
  }

  private words(text: string, { thought, thoughtSignature }: GeminiPart, sink: ChunkSink): void {
    const signature = stringOf(thoughtSignature);
    if (signature !== undefined) this.signed = true;
    if (thought === true) {
      const block = {
        type: 'thinking' as const,
        thinking: text,
        ...(signature !== undefined && { signature }),
      };
      this.delta(sink, { reasoning_content: text, thinking_blocks: [block] });
      return;
    }
    this.text += text;
    this.stretch(text, signature);
    if (text !== '') this.delta(sink, { content: text });
    if (signature !== undefined) this.native(sink, { thoughtSignatures: [signature] });
  }

  private call(part: GeminiPart, call: GeminiFunctionCall, sink: ChunkSink): void {
    if (typeof call.name === 'string' && call.name !== '') {
      this.endPartial(sink);
      if (call.willContinue !== true && call.partialArgs === undefined) {
        this.held.push(part);
        return;
      }
      this.flushCalls(sink);
      this.partial = { index: this.begin(part, sink, undefined), args: new ArgumentsWriter() };
    }
    if (this.partial === undefined) return;
    const { index, args } = this.partial;
    let text = '';
    for (const piece of listOf(call.partialArgs)) text += args.write(piece);
    if (text !== '') this.delta(sink, { tool_calls: [{ index, function: { arguments: text } }] });
    if (call.willContinue !== true) this.endPartial(sink);
  }

  private flushCalls(sink: ChunkSink): void {
    for (const part of this.held.slice(this.answered)) {
      const args: unknown = part.functionCall!.args;
      this.begin(part, sink, JSON.stringify(typeof args === 'object' && args !== null ? args : {}));
    }
    this.held = [];
    this.answered = 0;
  }

  private endPartial(sink: ChunkSink): void {
    if (this.partial === undefined) return;
    const { index, args } = this.partial;
    this.partial = undefined;
    this.delta(sink, { tool_calls: [{ index, function: { arguments: args.end() } }] });
  }

  private begin(part: GeminiPart, sink: ChunkSink, args = ''): number {
    const { name } = part.functionCall!;
    const id = stringOf(part.functionCall!.id);
    const signature = stringOf(part.thoughtSignature);
    const native: GeminiToolCallFields = {
      ...(signature !== undefined && { thoughtSignature: signature }),
      ...(id !== undefined && { id }),
    };
    if (signature !== undefined) this.signed = true;
    this.order.push('call');
    const index = this.calls++;
    const call: ToolCallDelta = {
      index,
      id: id ?? createToolCallId(),
      type: 'function',
      function: { name: ownToolName(name!, this.context.request, TOOL_NAMES), arguments: args },
      ...(Object.keys(native).length > 0 && {
        provider_specific_fields: { [this.context.provider]: native },
      }),
    };
    this.delta(sink, { tool_calls: [call] });
    return index;
  }

  private native(sink: ChunkSink, fields: GeminiMessageFields | Omit<GeminiCandidate, 'content'>): void {
    this.delta(sink, { provider_specific_fields: { [this.context.provider]: fields } });
  }

  private delta(sink: ChunkSink, delta: ChatCompletionDelta): void {
    this.writer.delta(sink, delta, this.index);
  }
}

/** Whether it is the order in which a message is put together again: further parts, one text, calls. */
function isUsualOrder(order: readonly GeminiStretch[]): boolean {
  let [texts, calls] = [0, 0];
  return order.every((stretch) => {
    if (stretch === 'part') return texts === 0 && calls === 0;
    if (stretch === 'call') return ++calls > 0;
    return ++texts === 1 && calls === 0;
  });
}
