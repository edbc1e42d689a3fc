import { StringDecoder } from 'node:string_decoder';
import { createParser, type EventSourceParser } from 'eventsource-parser';
import { APIResponseValidationError } from '../errors/errors.js';
import type { WireDecoder, WireEvent } from './wire-decoder.interface.js';

/** 16 Mi characters: room for an image in one event. */
const MAX_EVENT_CHARS = 16 * 1024 * 1024;

const BYTE_ORDER_MARK = 0xfeff;
const LF = 0x0a;
const CR = 0x0d;

/**
 * Server-sent events. Beyond the standard, a last event without its blank line counts, and events of no data do not.
 *
 * @see {@link https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation}
 */
export class SseDecoder implements WireDecoder {
  private readonly text = new StringDecoder('utf8');
  private readonly parser: EventSourceParser;
  private begun = false;
  private endedInCr = false;

  constructor(onEvent: (event: WireEvent) => void) {
    this.parser = createParser({
      onEvent(event) {
        // Some providers keep the connection alive with events of no data.
        if (event.data !== '') onEvent(event);
      },
      onError(error) {
        // The other kinds are lines that the standard says to ignore.
        if (error.type !== 'max-buffer-size-exceeded') return;
        throw new APIResponseValidationError(
          `an event of the stream is larger than ${MAX_EVENT_CHARS} characters`,
          {
            code: 'event_too_large',
            phase: 'body',
          },
        );
      },
      maxBufferSize: MAX_EVENT_CHARS,
    });
  }

  push(chunk: Buffer): void {
    this.feed(this.text.write(chunk));
  }

  end(): void {
    // The standard drops an event without its blank line; providers exist that leave out the last one.
    this.feed(`${this.text.end()}\n\n`);
  }

  private feed(text: string): void {
    if (text === '') return;
    if (!this.begun) {
      this.begun = true;
      // The parser knows the mark as three Latin-1 characters only.
      if (text.charCodeAt(0) === BYTE_ORDER_MARK) text = text.slice(1);
    }
    if (this.endedInCr && text.charCodeAt(0) === LF) text = text.slice(1);
    // The parser keeps a CR at the end back, in case that an LF follows: an event of a stream of CRs would come only
    // with the next read. So the line is ended here, and the LF dropped should it come.
    this.endedInCr = text.charCodeAt(text.length - 1) === CR;
    this.parser.feed(this.endedInCr ? `${text}\n` : text);
  }
}
