import { StringDecoder } from 'node:string_decoder';
import { eventTooLarge } from './event-limit.js';
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

  /** @param maxSize of an event, in characters */
  constructor(
    private readonly onEvent: (event: WireEvent) => void,
    private readonly maxSize: number,
  ) {}

  push(chunk: Buffer): void {
    const text = this.text.write(chunk);
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      this.line(text.slice(start, end));
      start = end + 1;
    }
    const rest = text.slice(start);
    this.size += rest.length;
    if (this.size > this.maxSize) throw eventTooLarge(this.maxSize);
    if (rest !== '') this.pieces.push(rest);
  }

  end(): void {
    this.line(this.text.end());
  }

  private line(last: string): void {
    if (this.size + last.length > this.maxSize) throw eventTooLarge(this.maxSize);
    const line = this.pieces.length === 0 ? last : this.pieces.join('') + last;
    this.pieces = [];
    this.size = 0;
    if (line.trim() !== '') this.onEvent({ data: line });
  }
}
