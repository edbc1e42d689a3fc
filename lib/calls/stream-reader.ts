import { ChunkAssembler } from '../chat/chunk-assembler.js';
import { ChunkQueue, type ChunkSource } from '../chat/chunk-queue.js';
import type { ChatCompletionChunk } from '../chat/chat-completion-chunk.interface.js';
import {
  APIConnectionError,
  APIResponseValidationError,
  APITimeoutError,
  APIUserAbortError,
  SessionClosedError,
  StreamInterruptedError,
} from '../errors/errors.js';
import { excerptOf, fromErrorEvent, readRequestId, type ProviderErrorDetail } from '../errors/http-error.js';
import type { LlmError } from '../errors/llm.error.js';
import { credentialsOf } from '../errors/redact.js';
import { attachRaw } from '../chat/result-meta.js';
import type { BodyFlow, BodyReader, HttpReply } from '../exchange/http-request.interface.js';
import type { ChunkSink, ChunkTranslator } from '../providers/provider-adapter.interface.js';
import { createWireDecoder } from '../wire/create-wire-decoder.js';
import { parseOrText } from './read-document.js';
import type { WireDecoder, WireEvent, WireFraming } from '../wire/wire-decoder.interface.js';

/** Leads a streamed body through decoder and translator into the queue of its `ChatStream`. */
export class StreamReader implements BodyReader, ChunkSink, ChunkSource {
  readonly queue = new ChunkQueue();
  readonly assembler = new ChunkAssembler();
  private readonly decoder: WireDecoder;
  private flow: BodyFlow | undefined;
  private reply: HttpReply | undefined;
  private hasContent = false;
  private finished = false;
  /** The event that is being translated, where the call keeps it. */
  private rawEvent: { readonly value: unknown } | undefined;

  constructor(
    framing: WireFraming,
    private readonly translator: ChunkTranslator,
    private readonly context: { readonly provider: string; readonly model: string; readonly host: string },
    keepsRaw = false,
  ) {
    const onEvent = (event: WireEvent): void => this.onEvent(event);
    const onRawEvent = (event: WireEvent): void => {
      this.rawEvent = { value: rawOf(event, framing) };
      this.onEvent(event);
      this.rawEvent = undefined;
    };
    this.decoder = createWireDecoder(framing, keepsRaw ? onRawEvent : onEvent);
  }

  onStart(flow: BodyFlow, reply: HttpReply): void {
    this.flow = flow;
    this.reply = reply;
    this.queue.attach(this);
  }

  onData(chunk: Buffer): boolean {
    this.hasContent = false;
    this.decoder.push(chunk);
    this.queue.flush();
    return this.hasContent;
  }

  onEnd(): void {
    let whole = true;
    try {
      this.decoder.end();
    } catch {
      // The body stopped inside of an event.
      whole = false;
    }
    if (this.queue.state !== 'open') return;
    if (whole && this.translator.end(this)) this.queue.end();
    else this.queue.fail(this.interrupted('ended before its terminal event'));
  }

  onError(error: LlmError): void {
    if (error instanceof APIUserAbortError) this.queue.abort(error);
    else this.queue.fail(isBreak(error) ? this.interrupted('broke', error) : error);
  }

  push(chunk: ChatCompletionChunk, text?: string): void {
    if (this.rawEvent !== undefined) attachRaw(chunk, this.rawEvent.value);
    this.assembler.push(chunk);
    this.queue.push(chunk, text);
  }

  finish(): void {
    if (this.finished) return;
    this.finished = true;
    this.queue.end();
    this.flow!.finish();
  }

  fail(detail: ProviderErrorDetail): void {
    const { headers, sentHeaders } = this.reply!;
    this.flow!.abort(
      fromErrorEvent(detail, { ...this.context, headers, secrets: credentialsOf(sentHeaders) }),
    );
  }

  pause(): void {
    this.flow!.pause();
  }

  resume(): void {
    this.flow!.resume();
  }

  cancel(reason: unknown): void {
    const { provider, model } = this.context;
    this.flow!.abort(
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

  private onEvent(event: WireEvent): void {
    if (this.finished || this.queue.state !== 'open') return;
    try {
      if (this.translator.event(event, this)) this.hasContent = true;
    } catch (error) {
      // No JSON, or a field of a type that the API does not give it.
      if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
      const { provider, model, host } = this.context;
      throw new APIResponseValidationError(
        `${provider} (${host}) sent an event that is not its API's format: ${excerptOf(event.data)}`,
        { provider, model, phase: 'body', cause: error },
      );
    }
  }

  private interrupted(what: string, cause?: LlmError): StreamInterruptedError {
    const { provider, model, host } = this.context;
    const { headers, attempts } = this.reply!;
    const error = new StreamInterruptedError(
      `${provider}: the stream from ${host} ${what}; what had arrived is in "partial", and nothing says that it is whole`,
      this.assembler.completion(),
      { provider, model, cause, requestId: readRequestId(headers) },
    );
    error.attempts = attempts;
    return error;
  }
}

/** An event as its provider has it; text that is no JSON stays text. */
function rawOf({ event, data }: WireEvent, framing: WireFraming): unknown {
  const value = parseOrText(data);
  return framing === 'aws-event-stream' && event !== undefined ? { [event]: value } : value;
}

/** A connection that broke, and none of the reasons that have an error of their own. */
function isBreak(error: LlmError): boolean {
  return (
    error instanceof APIConnectionError &&
    !(error instanceof APITimeoutError) &&
    !(error instanceof SessionClosedError)
  );
}
