import type { ChunkSource } from './chunk-queue.js';
import type { ChatCompletion, CompletionUsage } from './chat-completion.interface.js';
import type { ChatCompletionChunk } from './chat-completion-chunk.interface.js';
import {
  APIConnectionError,
  APIResponseValidationError,
  APITimeoutError,
  APIUserAbortError,
  SessionClosedError,
  StreamInterruptedError,
} from '../../errors/errors.js';
import { fromErrorEvent, type ProviderErrorDetail } from '../../errors/http-error.js';
import { attachRaw } from '../result-meta.js';
import type { StreamMeta } from './stream-meta.js';
import { LlmError } from '../../errors/llm.error.js';
import { secretsOf } from '../../errors/redact.js';
import type { BodyFlow, BodyReader, HttpReply } from '../../transport/exchange/http-request.interface.js';
import type { ChunkSink, ChunkTranslator } from './chat-format.interface.js';
import { parseOrText } from '../../wire/parse-or-text.js';
import type { WireFraming } from '../../wire/wire-decoder.interface.js';
import { kindOf, labelledKind, type BodyKind } from './body-kind.js';
import { saysSomething } from './chunk-assembler.js';
import { ChunkReader, type Answerer } from './chunk-reader.js';
import type { StreamTarget } from './stream-target.js';
import { interrupted, toChunk } from './whole-answer.js';

/** How the bodies of one streamed call are read. */
export interface StreamSource {
  readonly framing: WireFraming;
  readonly from: Answerer;
  /** Whether the usage is to be in a chunk, as the caller asked. */
  readonly includesUsage: boolean;
  readonly keepsRaw: boolean;
  /** Of each body: a further try begins anew. */
  translator(): ChunkTranslator;
  meta(reply: HttpReply): StreamMeta;
  /** Reads the answer of a provider that does not stream it. @throws {LlmError} when it is none */
  readDocument(reply: HttpReply): ChatCompletion;
}

/** Leads a streamed call's body, an event stream or a document, into the queue of its `ChatStream`. */
export class StreamReader implements BodyReader, ChunkSink, ChunkSource {
  private translator: ChunkTranslator | undefined;
  private reader!: ChunkReader;
  private flow!: BodyFlow;
  private reply: HttpReply | undefined;
  private kind: BodyKind | undefined;
  /** A document as far as it has come, or what has come before the kind shows. */
  private held: Buffer[] = [];
  private heldSize = 0;
  /** Content of this body was given out. */
  private begun = false;
  /** Nothing more of this body is wanted. */
  private over = false;

  constructor(
    private readonly source: StreamSource,
    private readonly target: StreamTarget,
  ) {
    // An adapter that fails at it fails the call before anything is sent.
    this.translator = source.translator();
  }

  onStart(flow: BodyFlow, reply: HttpReply): void {
    const { source, target } = this;
    if (this.reply !== undefined) target.restart();
    this.flow = flow;
    this.reply = reply;
    this.begun = false;
    this.over = false;
    this.kind = undefined;
    this.drop();
    const translator = this.translator ?? source.translator();
    this.translator = undefined;
    const { eventSize } = target.limits;
    this.reader = new ChunkReader(
      source.framing,
      translator,
      this,
      source.from,
      reply,
      eventSize,
      source.keepsRaw,
    );
    target.counter = translator;
    target.meta = source.meta(reply);
    target.queue.attach(this);
    // A document is most often an error: the call's promise waits for what it says.
    if (labelledKind(reply.headers) !== 'document') flow.begin();
  }

  onData(bytes: Buffer): boolean {
    if (this.kind === 'events') return this.readEvents(bytes);
    if (this.kind === undefined) {
      const begin = this.held.length === 0 ? bytes : Buffer.concat([...this.held, bytes]);
      const labelled = labelledKind(this.reply!.headers);
      this.kind = kindOf(begin, this.source.framing, labelled);
      if (this.kind === 'events') {
        this.drop();
        if (labelled === 'document') this.flow.begin();
        return this.readEvents(begin);
      }
    }
    this.hold(bytes);
    return this.kind === 'document';
  }

  onEnd(): void {
    const isEmptyDocument = this.kind === undefined && labelledKind(this.reply!.headers) === 'document';
    if (this.kind === 'document' || isEmptyDocument) return this.readDocument();
    this.endEvents();
  }

  onError(error: LlmError): void {
    const { target } = this;
    this.close();
    if (error instanceof APIUserAbortError) target.abort(error);
    else target.fail(isBreak(error) ? this.interrupted('broke', error) : error);
  }

  tokens(): CompletionUsage | undefined {
    return this.reply === undefined ? undefined : this.target.usage;
  }

  isRestartable(): boolean {
    return !this.begun && this.target.queue.state === 'open';
  }

  push(chunk: ChatCompletionChunk, text?: string): void {
    const { rawEvent } = this.reader;
    if (rawEvent !== undefined) attachRaw(chunk, rawEvent.value);
    this.target.assembler.push(chunk);
    if (!this.begun && saysSomething(chunk)) {
      this.begun = true;
      this.target.hasContent = true;
    }
    if (this.target.onChunk !== undefined) this.target.onChunk(chunk);
    this.target.queue.push(chunk, text);
  }

  usage(usage: CompletionUsage): void {
    this.target.assembler.counted.usage = usage;
  }

  finish(): void {
    if (this.over) return;
    this.over = true;
    this.close();
    this.target.queue.end();
    // The rest of the body is read, so that the connection can be used again.
    this.flow.resume();
    this.flow.finish();
  }

  fail(detail: ProviderErrorDetail): void {
    const { headers, sentHeaders, held } = this.reply!;
    this.over = true;
    this.reader.close();
    this.flow.abort(
      fromErrorEvent(detail, {
        ...this.source.from,
        headers,
        secrets: secretsOf(sentHeaders, held),
        retryable: !this.begun,
      }),
    );
  }

  pause(): void {
    this.flow.pause();
  }

  resume(): void {
    this.flow.resume();
  }

  consumed(): void {
    this.flow.consumed();
  }

  cancel(reason: unknown): void {
    this.close();
    const { provider, model } = this.source.from;
    this.flow.abort(
      reason instanceof APIUserAbortError
        ? reason
        : new APIUserAbortError(`${provider}: ${String(reason)}`, {
            provider,
            model,
            phase: 'body',
            cause: reason,
          }),
    );
  }

  private readEvents(bytes: Buffer): boolean {
    const hasContent = this.reader.push(bytes);
    this.target.queue.flush();
    // Until something is said, an event is as good as a comment: the model is still thinking.
    return hasContent && this.begun;
  }

  private endEvents(): void {
    const isWhole = this.reader.end();
    if (this.over || this.target.queue.state !== 'open') return;
    if (isWhole) this.finish();
    // The call has failed, too, although its exchange has not.
    else this.flow.abort(this.interrupted('ended before its terminal event'));
  }

  private readDocument(): void {
    const body = Buffer.concat(this.held);
    this.drop();
    const document = parseOrText(body.toString());
    if (typeof document === 'string' && /^\s*[{[]/.test(document)) {
      // Lines of JSON, or events behind a stray one.
      if (labelledKind(this.reply!.headers) === 'document') this.flow.begin();
      this.readEvents(body);
      return this.endEvents();
    }
    let completion: ChatCompletion;
    try {
      completion = this.source.readDocument({ ...this.reply!, body });
    } catch (error) {
      return this.flow.abort(error as LlmError);
    }
    const { usage, ...chunk } = toChunk(completion);
    if (usage) this.usage(usage);
    if (this.source.keepsRaw) attachRaw(chunk, document);
    if (labelledKind(this.reply!.headers) === 'document') this.flow.begin();
    this.push(this.source.includesUsage && usage ? { ...chunk, usage } : chunk);
    this.target.queue.flush();
    this.finish();
  }

  /** Nothing more is read, and what it was read with is not kept for as long as the stream's result. */
  private close(): void {
    this.reader.close();
    this.drop();
    this.target.counter = { usage: this.target.usage };
  }

  private hold(bytes: Buffer): void {
    const { responseSize } = this.target.limits;
    this.heldSize += bytes.length;
    if (this.heldSize > responseSize) {
      throw new APIResponseValidationError(
        `the response is larger than ${responseSize} bytes (defaults.limits.responseSize)`,
        { code: 'response_too_large', phase: 'body' },
      );
    }
    this.held.push(bytes);
  }

  private drop(): void {
    this.held.length = 0;
    this.heldSize = 0;
  }

  private interrupted(what: string, cause?: LlmError): StreamInterruptedError {
    const { attempts } = this.reply!;
    const error = interrupted(what, this.source.from, this.reply!, this.target.answer(), cause);
    error.attempts = cause?.attempts ?? attempts;
    return error;
  }
}

/** A connection that broke, and none of the reasons that have an error of their own. */
function isBreak(error: LlmError): boolean {
  return (
    error instanceof APIConnectionError &&
    !(error instanceof StreamInterruptedError) &&
    !(error instanceof APITimeoutError) &&
    !(error instanceof SessionClosedError)
  );
}
