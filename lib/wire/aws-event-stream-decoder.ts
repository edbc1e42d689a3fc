import { crc32 } from 'node:zlib';
import { APIResponseValidationError } from '../errors/errors.js';
import { eventTooLarge } from './event-limit.js';
import type { WireDecoder, WireEvent } from './wire-decoder.interface.js';

/** Total length, length of the headers, CRC-32 of those two. */
const PRELUDE_BYTES = 12;
const CRC_BYTES = 4;
/** Of the prelude, covered by its own checksum. */
const LENGTHS_BYTES = 8;
/** Prelude and the CRC-32 of the message: a message without headers and payload. */
const MIN_MESSAGE_BYTES = PRELUDE_BYTES + CRC_BYTES;

/** Bytes of a header value by its type; types 6 and 7 say their length themselves. */
const VALUE_BYTES: Readonly<Record<number, number>> = { 0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16 };
/** @see {@link https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html} */
const MAX_HEADERS_BYTES = 128 * 1024;

const BYTE_ARRAY = 6;
const STRING = 7;

function broken(what: string): APIResponseValidationError {
  return new APIResponseValidationError(`the AWS event stream is broken: ${what}`, {
    code: 'broken_event_stream',
    phase: 'body',
  });
}

/**
 * AWS event stream: binary messages with two checksums each. The event's type is the header `:event-type`, or
 * `:exception-type`; the data is the payload as text.
 *
 * @see {@link https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html} for the message format
 */
export class AwsEventStreamDecoder implements WireDecoder {
  private pending: Buffer[] = [];
  private size = 0;
  /** Bytes that are needed before there is anything to read. */
  private needed = MIN_MESSAGE_BYTES;
  /** The headers of the latest message, and what they say: those of the next one are the same bytes most of the time. */
  private headers: Buffer = Buffer.alloc(0);
  private type: string | undefined;

  /** @param maxSize of an event, in characters */
  constructor(
    private readonly onEvent: (event: WireEvent) => void,
    private readonly maxSize: number,
  ) {}

  push(chunk: Buffer): void {
    this.pending.push(chunk);
    this.size += chunk.length;
    if (this.size < this.needed) return;
    const bytes = this.pending.length === 1 ? chunk : Buffer.concat(this.pending, this.size);
    this.needed = MIN_MESSAGE_BYTES;
    let at = 0;
    while (bytes.length - at >= MIN_MESSAGE_BYTES) {
      const total = bytes.readUInt32BE(at);
      if (checksumOfLengths(bytes, at) !== bytes.readUInt32BE(at + LENGTHS_BYTES))
        throw broken('the checksum of a prelude is wrong');
      if (total < MIN_MESSAGE_BYTES) throw broken('a message is shorter than its frame');
      if (total > this.maxSize) throw eventTooLarge(this.maxSize);
      if (bytes.length - at < total) {
        this.needed = total;
        break;
      }
      this.message(bytes, at, at + total);
      at += total;
    }
    this.size = bytes.length - at;
    this.pending = this.size > 0 ? [bytes.subarray(at)] : [];
  }

  end(): void {
    if (this.size > 0) throw broken('it stops inside of a message');
  }

  private message(bytes: Buffer, from: number, to: number): void {
    const crcAt = to - CRC_BYTES;
    if (crc32(bytes.subarray(from, crcAt)) !== bytes.readUInt32BE(crcAt))
      throw broken('the checksum of a message is wrong');
    const headersAt = from + PRELUDE_BYTES;
    const headersLength = bytes.readUInt32BE(from + 4);
    if (headersLength > MAX_HEADERS_BYTES) throw broken('the headers are longer than AWS allows');
    const payloadAt = headersAt + headersLength;
    if (payloadAt > crcAt) throw broken('the headers are longer than their message');
    if (!isAt(bytes, headersAt, payloadAt, this.headers)) {
      const headers = Buffer.from(bytes.subarray(headersAt, payloadAt));
      this.type = typeIn(readHeaders(headers));
      this.headers = headers;
    }
    this.onPayload(this.type, bytes, payloadAt, crcAt);
  }

  /** A message's payload, from `from` to `to` of `bytes`. */
  protected onPayload(type: string | undefined, bytes: Buffer, from: number, to: number): void {
    this.onEvent({ event: type, data: bytes.toString('utf8', from, to) });
  }
}

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** CRC-32 of the lengths in a prelude. zlib's takes six times as long for so few bytes, a tenth of a message's time. */
function checksumOfLengths(bytes: Buffer, from: number): number {
  let crc = -1;
  for (let at = from; at < from + LENGTHS_BYTES; at++)
    crc = CRC_TABLE[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Compared byte by byte: a view of the bytes, which Buffer's own methods need here, takes longer than the comparison. */
function isAt(bytes: Buffer, from: number, to: number, expected: Buffer): boolean {
  if (to - from !== expected.length) return false;
  for (let index = 0; index < expected.length; index++) {
    if (bytes[from + index] !== expected[index]) return false;
  }
  return true;
}

function typeIn(headers: Readonly<Record<string, string>>): string | undefined {
  return headers[':event-type'] ?? headers[':exception-type'] ?? headers[':error-code'];
}

/** The headers whose values are text: those that matter are. */
function readHeaders(bytes: Buffer): Record<string, string> {
  const headers: Record<string, string> = {};
  let at = 0;
  while (at < bytes.length) {
    const nameLength = bytes[at]!;
    const typeAt = at + 1 + nameLength;
    if (typeAt >= bytes.length) throw broken('a header is cut off');
    const type = bytes[typeAt]!;
    let valueAt = typeAt + 1;
    let length = VALUE_BYTES[type];
    if (type === BYTE_ARRAY || type === STRING) {
      if (valueAt + 2 > bytes.length) throw broken('a header is cut off');
      length = bytes.readUInt16BE(valueAt);
      valueAt += 2;
    }
    if (length === undefined) throw broken(`a header has the unknown type ${type}`);
    if (valueAt + length > bytes.length) throw broken('a header is cut off');
    if (type === STRING)
      headers[bytes.toString('utf8', at + 1, typeAt)] = bytes.toString('utf8', valueAt, valueAt + length);
    at = valueAt + length;
  }
  return headers;
}
