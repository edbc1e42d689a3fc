/** Bedrock's ConverseStream, without a signature. */
import { EventStreamCodec } from '@smithy/eventstream-codec';
import { TextReading } from './text-reading.js';

const LENGTH_BYTES = 4;

const toBuffer = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * Bytes of an AWS event stream to the parsed payloads of its messages: what a user of bare undici writes. The codec is
 * that of the AWS SDK; like any decoder of this format it compares the checksums and reads the headers.
 */
export class ChunkParser {
  rest = null;
  codec = new EventStreamCodec(
    (bytes) => toBuffer(bytes).utf8Slice(),
    (text) => Buffer.from(text),
  );

  constructor(onChunk) {
    this.onChunk = onChunk;
  }

  feed(bytes) {
    if (this.rest !== null) bytes = Buffer.concat([this.rest, bytes]);
    let at = 0;
    while (bytes.length - at >= LENGTH_BYTES) {
      const end = at + bytes.readUInt32BE(at);
      if (end > bytes.length) break;
      const { headers, body } = this.codec.decode(bytes.subarray(at, end));
      if (headers[':message-type'].value !== 'event') throw new Error(toBuffer(body).utf8Slice());
      this.onChunk(JSON.parse(toBuffer(body).utf8Slice()));
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
