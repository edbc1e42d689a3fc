import { APIResponseValidationError } from '../../errors/errors.js';
import { excerptOf, readRequestId } from '../../errors/http-error.js';
import { LlmError, type LlmErrorInit } from '../../errors/llm.error.js';
import { redact, redactCause, secretsOf } from '../../errors/redact.js';
import type { ChunkSink, ChunkTranslator } from './chat-format.interface.js';
import type { HttpReply } from '../../transport/exchange/http-request.interface.js';
import { parseOrText } from '../../wire/parse-or-text.js';
import { createWireDecoder } from '../../wire/create-wire-decoder.js';
import type { WireDecoder, WireEvent, WireFraming } from '../../wire/wire-decoder.interface.js';

/** Whose answer is read. */
export interface Answerer {
  readonly provider: string;
  /** `provider/model`. */
  readonly model: string;
  readonly host: string;
}

/** Leads the bytes of one body through decoder and translator into a sink. */
export class ChunkReader {
  /** The event that is being translated, where the call keeps it. */
  rawEvent: { readonly value: unknown } | undefined;
  private readonly decoder: WireDecoder;
  private hasContent = false;
  private closed = false;

  /** @param maxEventSize in characters */
  constructor(
    framing: WireFraming,
    readonly translator: ChunkTranslator,
    private readonly sink: ChunkSink,
    private readonly from: Answerer,
    private readonly reply: Pick<HttpReply, 'headers' | 'sentHeaders' | 'held'>,
    maxEventSize: number,
    keepsRaw = false,
  ) {
    const onEvent = keepsRaw
      ? (event: WireEvent): void => {
          this.rawEvent = { value: rawOf(event, framing) };
          this.onEvent(event);
          this.rawEvent = undefined;
        }
      : (event: WireEvent): void => this.onEvent(event);
    this.decoder = createWireDecoder(framing, onEvent, maxEventSize);
  }

  /** What follows is not read. */
  close(): void {
    this.closed = true;
  }

  /**
   * @returns whether the bytes held content
   * @throws {APIResponseValidationError} when they are not of the provider's format
   */
  push(bytes: Buffer): boolean {
    this.hasContent = false;
    try {
      this.decoder.push(bytes);
    } catch (error) {
      // A decoder knows the bytes and not whose they are.
      if (!(error instanceof APIResponseValidationError) || error.provider !== undefined) throw error;
      throw this.invalid(`broke its stream's framing: ${error.message}`, {
        code: error.code,
        cause: error.cause,
      });
    }
    return this.hasContent;
  }

  /** The body has ended. @returns whether the stream is complete */
  end(): boolean {
    try {
      this.decoder.end();
    } catch {
      // The body stopped inside of an event.
      return false;
    }
    return this.closed || this.translator.end(this.sink);
  }

  private onEvent(event: WireEvent): void {
    if (this.closed) return;
    try {
      if (this.translator.event(event, this.sink)) this.hasContent = true;
    } catch (error) {
      if (error instanceof LlmError) throw error;
      const excerpt = excerptOf(event.data, secretsOf(this.reply.sentHeaders, this.reply.held));
      throw this.invalid(`sent an event that is not its API's format: ${excerpt}`, {
        // That of JSON.parse quotes the data around the fault, and may cut through a key.
        cause: error instanceof SyntaxError ? undefined : error,
      });
    }
  }

  private invalid(what: string, init: LlmErrorInit): APIResponseValidationError {
    const { provider, model, host } = this.from;
    const { headers, sentHeaders, held } = this.reply;
    const secrets = secretsOf(sentHeaders, held);
    return new APIResponseValidationError(redact(`${provider} (${host}) ${what}`, secrets), {
      provider,
      model,
      phase: 'body',
      requestId: readRequestId(headers, secrets),
      ...init,
      cause: redactCause(init.cause, secrets),
    });
  }
}

/** An event as its provider has it; text that is no JSON stays text. */
function rawOf({ event, data }: WireEvent, framing: WireFraming): unknown {
  const value = parseOrText(data);
  return framing === 'aws-event-stream' && event !== undefined ? { [event]: value } : value;
}
