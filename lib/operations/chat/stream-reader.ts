import type { CompletionUsage } from './chat-completion.interface.js';
import type { ChunkQueue, ChunkSource } from './chunk-queue.js';
import type { StreamTarget } from './stream-target.js';
import type { ChatCompletionChunk, ChatCompletionChunkChoice } from './chat-completion-chunk.interface.js';
import {
  APIConnectionError,
  APIResponseValidationError,
  APITimeoutError,
  APIUserAbortError,
  SessionClosedError,
  StreamInterruptedError,
} from '../../errors/errors.js';
import {
  excerptOf,
  fromErrorEvent,
  readRequestId,
  type ProviderErrorDetail,
} from '../../errors/http-error.js';
import { attachRaw } from '../result-meta.js';
import { LlmError, type LlmErrorInit } from '../../errors/llm.error.js';
import { redact, redactCause, secretsOf } from '../../errors/redact.js';
import type { BodyFlow, BodyReader, HttpReply } from '../../transport/exchange/http-request.interface.js';
import type { ChunkSink, ChunkTranslator } from './chat-format.interface.js';
import { createWireDecoder } from '../../wire/create-wire-decoder.js';
import { parseOrText } from '../read-document.js';
import type { WireDecoder, WireEvent, WireFraming } from '../../wire/wire-decoder.interface.js';

/** Leads a streamed body through decoder and translator into the queue of its `ChatStream`. */
export class StreamReader implements BodyReader, ChunkSink, ChunkSource {
  private readonly queue: ChunkQueue;
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
    private readonly target: StreamTarget,
    keepsRaw = false,
  ) {
    this.queue = target.queue;
    const onEvent = keepsRaw
      ? (event: WireEvent): void => {
          this.rawEvent = { value: rawOf(event, framing) };
          this.onEvent(event);
          this.rawEvent = undefined;
        }
      : (event: WireEvent): void => this.onEvent(event);
    this.decoder = createWireDecoder(framing, onEvent, target.maxEventSize);
  }

  onStart(flow: BodyFlow, reply: HttpReply): void {
    this.flow = flow;
    this.reply = reply;
    this.queue.attach(this);
  }

  onData(chunk: Buffer): boolean {
    this.hasContent = false;
    try {
      this.decoder.push(chunk);
    } catch (error) {
      // A decoder knows the bytes and not whose they are.
      if (!(error instanceof APIResponseValidationError) || error.provider !== undefined) throw error;
      throw this.invalid(`broke its stream's framing: ${error.message}`, {
        code: error.code,
        cause: error.cause,
      });
    }
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
    // The call has failed, too, although its exchange has not.
    else this.flow!.abort(this.interrupted('ended before its terminal event'));
  }

  onError(error: LlmError): void {
    if (error instanceof APIUserAbortError) this.queue.abort(error);
    else this.target.fail(isBreak(error) ? this.interrupted('broke', error) : error);
  }

  push(chunk: ChatCompletionChunk, text?: string): void {
    if (this.rawEvent !== undefined) attachRaw(chunk, this.rawEvent.value);
    this.target.assembler.push(chunk);
    if (!this.target.hasContent) this.target.hasContent = chunk.choices.some(saysSomething);
    if (this.target.onChunk !== undefined) this.target.onChunk(chunk);
    this.queue.push(chunk, text);
  }

  usage(usage: CompletionUsage): void {
    this.target.assembler.counted.usage = usage;
  }

  finish(): void {
    if (this.finished) return;
    this.finished = true;
    this.queue.end();
    // The rest of the body is read, so that the connection can be used again.
    this.flow!.resume();
    this.flow!.finish();
  }

  fail(detail: ProviderErrorDetail): void {
    const { headers } = this.reply!;
    this.flow!.abort(fromErrorEvent(detail, { ...this.context, headers, secrets: this.secrets() }));
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

  private secrets(): string[] {
    const { sentHeaders, held } = this.reply!;
    return secretsOf(sentHeaders, held);
  }

  private onEvent(event: WireEvent): void {
    if (this.finished || this.queue.state !== 'open') return;
    try {
      if (this.translator.event(event, this)) this.hasContent = true;
    } catch (error) {
      if (error instanceof LlmError) throw error;
      const excerpt = excerptOf(event.data, this.secrets());
      throw this.invalid(`sent an event that is not its API's format: ${excerpt}`, {
        // That of JSON.parse quotes the data around the fault, and may cut through a key.
        cause: error instanceof SyntaxError ? undefined : error,
      });
    }
  }

  private invalid(what: string, init: LlmErrorInit): APIResponseValidationError {
    const { provider, model, host } = this.context;
    const { headers } = this.reply!;
    const secrets = this.secrets();
    return new APIResponseValidationError(redact(`${provider} (${host}) ${what}`, secrets), {
      provider,
      model,
      phase: 'body',
      requestId: readRequestId(headers, secrets),
      ...init,
      cause: redactCause(init.cause, secrets),
    });
  }

  private interrupted(what: string, cause?: LlmError): StreamInterruptedError {
    const { provider, model, host } = this.context;
    const { headers, attempts } = this.reply!;
    const error = new StreamInterruptedError(
      `${provider}: the stream from ${host} ${what}; what had arrived is in "partial", and nothing says that it is whole`,
      this.target.assembler.completion(),
      { provider, model, cause, requestId: readRequestId(headers, this.secrets()) },
    );
    error.attempts = attempts;
    return error;
  }
}

/** Whether a piece has more than the role, which some providers send before they know what to say. */
function saysSomething({ delta, finish_reason: finishReason }: ChatCompletionChunkChoice): boolean {
  if (finishReason) return true;
  return Object.entries(delta).some(([name, value]) => name !== 'role' && value !== '' && value !== null);
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
    !(error instanceof StreamInterruptedError) &&
    !(error instanceof APITimeoutError) &&
    !(error instanceof SessionClosedError)
  );
}
