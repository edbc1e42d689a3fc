import { StringDecoder } from 'node:string_decoder';
import { MAX_EVENT_CHARS, eventTooLarge } from './event-limit.js';
import type { WireDecoder, WireEvent } from './wire-decoder.interface.js';

/**
 * Newline-delimited JSON: an event a line.
 *
 * @see {@link https://github.com/ndjson/ndjson-spec}
 */
export class NdjsonDecoder implements WireDecoder {
  private readonly text = new StringDecoder('utf8');
  private pieces: string[] = [];
  private size = 0;

  constructor(private readonly onEvent: (event: WireEvent) => void) {}

  push(chunk: Buffer): void {
    const text = this.text.write(chunk);
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      this.line(text.slice(start, end));
      start = end + 1;
    }
    const rest = text.slice(start);
    this.size += rest.length;
    if (this.size > MAX_EVENT_CHARS) throw eventTooLarge();
    if (rest !== '') this.pieces.push(rest);
  }

  end(): void {
    this.line(this.text.end());
  }

  private line(last: string): void {
    if (this.size + last.length > MAX_EVENT_CHARS) throw eventTooLarge();
    const line = this.pieces.length === 0 ? last : this.pieces.join('') + last;
    this.pieces = [];
    this.size = 0;
    if (line.trim() !== '') this.onEvent({ data: line });
  }
}
