import { crc32 } from 'node:zlib';

/** How the events of `*.chunks.txt`, which have lost it, are framed. */
export type Framing = 'openai' | 'named-sse' | 'gemini' | 'aws' | 'ndjson';

/** Frames events as their provider does. */
export function frame(events: readonly any[], framing: Framing): Buffer {
  switch (framing) {
    case 'openai':
      return Buffer.from(
        `${events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')}data: [DONE]\n\n`,
      );
    case 'named-sse':
      return Buffer.from(
        events
          .map((event) =>
            typeof event === 'string'
              ? `data: ${event}\n\n`
              : `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`,
          )
          .join(''),
      );
    case 'gemini':
      return Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}\r\n\r\n`).join(''));
    case 'ndjson':
      return Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    case 'aws':
      return Buffer.concat(
        events.map((event) => {
          const [type, payload] = Object.entries(event)[0]!;
          return awsMessage(
            { ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' },
            payload,
          );
        }),
      );
  }
}

/** One message of an AWS event stream. */
export function awsMessage(headers: Record<string, string>, payload: unknown): Buffer {
  return awsMessageOf(headers, Buffer.from(JSON.stringify(payload)));
}

/** Bytes as SageMaker streams them: in messages of `size` bytes, which cut lines and characters. */
export function awsPayloadParts(bytes: Buffer, size: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const headers = { ':event-type': 'PayloadPart', ':message-type': 'event' };
    parts.push(awsMessageOf(headers, bytes.subarray(at, at + size)));
  }
  return Buffer.concat(parts);
}

function awsMessageOf(headers: Record<string, string>, body: Buffer): Buffer {
  const encoded = Buffer.concat(
    Object.entries(headers).map(([name, value]) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(Buffer.byteLength(value));
      return Buffer.concat([
        Buffer.from([name.length]),
        Buffer.from(name),
        Buffer.from([7]),
        length,
        Buffer.from(value),
      ]);
    }),
  );
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(12 + encoded.length + body.length + 4, 0);
  prelude.writeUInt32BE(encoded.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const message = Buffer.concat([prelude, encoded, body]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(message));
  return Buffer.concat([message, checksum]);
}
