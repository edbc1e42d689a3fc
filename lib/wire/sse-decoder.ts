import { StringDecoder } from 'node:string_decoder';
import { createParser, type EventSourceParser } from 'eventsource-parser';
import { eventTooLarge } from './event-limit.js';
import type { WireDecoder, WireEvent } from './wire-decoder.interface.js';

const BYTE_ORDER_MARK = 0xfeff;
const LF = 0x0a;
const CR = 0x0d;

/** What a line costs beside its characters, in characters. */
const LINE_COST = 64;

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
  /** A JSON document between the events, or behind them. */
  private stray = '';
  /** Of the event that is not complete yet, as far as whole reads went by without an end of one. */
  private openSize = 0;
  private ended = 0;

  /** @param maxSize of an event, in characters */
  constructor(
    private readonly onEvent: (event: WireEvent) => void,
    private readonly maxSize: number,
  ) {
    this.parser = createParser({
      onEvent: (event) => {
        this.ended++;
        // Some providers keep the connection alive with events of no data.
        if (event.data !== '') onEvent(event);
      },
      onError: (error) => {
        if (error.type === 'max-buffer-size-exceeded') throw eventTooLarge(this.maxSize);
        if (error.type === 'unknown-field') this.keepStray(error.line ?? '');
      },
      maxBufferSize: maxSize,
    });
  }

  push(chunk: Buffer): void {
    this.feed(this.text.write(chunk));
  }

  end(): void {
    // The standard drops an event without its blank line; providers exist that leave out the last one.
    this.feed(`${this.text.end()}\n\n`);
    if (this.stray !== '') this.onEvent({ data: this.stray });
  }

  /**
   * The standard says to ignore lines that are no field. A provider that fails while it streams may write its error
   * there as plain JSON, and the events before it can look whole: so it is given out as an event, at the end.
   */
  private keepStray(line: string): void {
    if (this.stray === '' && !/^\s*[{[]/.test(line)) return;
    this.stray += `${line}\n`;
    if (this.stray.length > this.maxSize) throw eventTooLarge(this.maxSize);
  }

  /** The parser counts characters; an event of a million lines of one takes a hundred times as much. */
  private countOpen(text: string): void {
    this.openSize += text.length;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.openSize += LINE_COST;
    if (this.openSize > this.maxSize) throw eventTooLarge(this.maxSize);
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
    const { ended } = this;
    this.parser.feed(this.endedInCr ? `${text}\n` : text);
    if (this.ended !== ended) this.openSize = 0;
    else this.countOpen(text);
  }
}
