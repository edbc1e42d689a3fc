import { StringDecoder } from 'node:string_decoder';
import { createParser, type EventSourceParser } from 'eventsource-parser';
import { MAX_EVENT_CHARS, eventTooLarge } from './event-limit.js';
import type { WireDecoder, WireEvent } from './wire-decoder.interface.js';

const BYTE_ORDER_MARK = 0xfeff;

/**
 * Server-sent events.
 *
 * @see {@link https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation}
 */
export class SseDecoder implements WireDecoder {
  private readonly text = new StringDecoder('utf8');
  private readonly parser: EventSourceParser;
  private begun = false;

  constructor(onEvent: (event: WireEvent) => void) {
    this.parser = createParser({
      onEvent(event) {
        // Some providers keep the connection alive with events of no data.
        if (event.data !== '') onEvent(event);
      },
      onError(error) {
        // The other kinds are lines that the standard says to ignore.
        if (error.type === 'max-buffer-size-exceeded') throw eventTooLarge();
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
    this.parser.feed(text);
  }
}
