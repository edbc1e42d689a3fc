/** Bedrock's ConverseStream, without a signature. */
import { TextReading } from './text-reading.js';

const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;

/**
 * Bytes of an AWS event stream to the parsed payloads of its messages: the least that a user of bare undici writes. It
 * compares no checksum and reads no header.
 */
export class ChunkParser {
  rest = null;

  constructor(onChunk) {
    this.onChunk = onChunk;
  }

  feed(bytes) {
    if (this.rest !== null) bytes = Buffer.concat([this.rest, bytes]);
    let at = 0;
    while (bytes.length - at >= PRELUDE_BYTES) {
      const end = at + bytes.readUInt32BE(at);
      if (end > bytes.length) break;
      const payloadAt = at + PRELUDE_BYTES + bytes.readUInt32BE(at + 4);
      this.onChunk(JSON.parse(bytes.utf8Slice(payloadAt, end - CHECKSUM_BYTES)));
      at = end;
    }
    this.rest = at < bytes.length ? bytes.subarray(at) : null;
  }
}

export class Reading extends TextReading {
  add({ delta, usage }) {
    if (delta?.text) this.piece(delta.text);
    if (usage) this.tokens = usage.totalTokens;
  }
}

export function bodyOf(row) {
  return JSON.stringify(row.request);
}

export function headersOf() {
  return { 'content-type': 'application/json', accept: 'application/vnd.amazon.eventstream' };
}
