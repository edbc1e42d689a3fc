import { gzipSync } from 'node:zlib';
import {
  chunked,
  drip,
  head,
  reset,
  type FaultScript,
  type FaultServer,
} from '../../support/fault-server.js';
import type { TimeoutOptions } from '../../../lib/index.js';
import type { WireFormat } from './formats.js';

export type Mode = 'unary' | 'stream';

/** What a call has to come to. */
export interface Expected {
  /** The class of the error; absent where the call has to succeed. */
  readonly error?: string;
  /** The phases that the error may name. */
  readonly phase?: readonly string[];
  readonly code?: string;
  /** Whole requests that may reach the provider. */
  readonly requests: number;
}

export interface Fault {
  readonly name: string;
  /** What the server does; `other` is an origin that nobody may be sent to. */
  script(format: WireFormat, mode: Mode, other: FaultServer): FaultScript;
  expect(mode: Mode, format: WireFormat): Expected;
  readonly modes?: readonly Mode[];
  /** What the format has to have for this fault to make sense. */
  readonly needs?: keyof WireFormat;
  /** Limits of the call in milliseconds, where it is not a limit that has to end it. */
  readonly timeout?: TimeoutOptions;
  /** The first of two calls succeeds and leaves its connection in the pool; the fault meets the second. */
  readonly afterSuccess?: true;
}

const timeout = (phase: string | readonly string[], requests = 1): Expected => ({
  error: 'APITimeoutError',
  phase: typeof phase === 'string' ? [phase] : phase,
  requests,
});
const broken = (phase: string, requests = 1): Expected => ({
  error: 'APIConnectionError',
  phase: [phase],
  requests,
});
const interrupted: Expected = { error: 'StreamInterruptedError', phase: ['body'], requests: 1 };
const invalid = (code = 'invalid_response'): Expected => ({
  error: 'APIResponseValidationError',
  phase: ['body'],
  code,
  requests: 1,
});

/** Breaks in the middle of a body: a unary call has nothing, a stream has what arrived. */
const cut = (mode: Mode): Expected => (mode === 'stream' ? interrupted : broken('body'));

const json = { 'content-type': 'application/json' };
const chunkedBody = { 'transfer-encoding': 'chunked' };

/** The head and the first part of a good answer. */
function begin(format: WireFormat, mode: Mode): Buffer[] {
  return mode === 'stream'
    ? [
        Buffer.from(head(200, { ...chunkedBody, 'content-type': format.streamType })),
        chunked(format.events[0]!),
      ]
    : [Buffer.from(head(200, { ...chunkedBody, ...json })), chunked(format.document.slice(0, 20))];
}

function whole(format: WireFormat, mode: Mode): Buffer {
  const body = mode === 'stream' ? Buffer.concat(format.events) : Buffer.from(format.document);
  const type = mode === 'stream' ? format.streamType : json['content-type'];
  return Buffer.concat([
    Buffer.from(head(200, { 'content-type': type, 'content-length': String(body.length) })),
    body,
  ]);
}

export function succeed(format: WireFormat, mode: Mode): FaultScript {
  return { onRequest: (socket) => void socket.write(whole(format, mode)) };
}

export const FAULTS: readonly Fault[] = [
  {
    name: 'no fault',
    script: succeed,
    expect: () => ({ requests: 1 }),
  },
  {
    name: 'the connection is accepted and nothing is said',
    script: () => ({}),
    expect: () => timeout('firstByte'),
  },
  {
    name: 'reset when the request is in',
    script: () => ({ onRequest: reset }),
    expect: () => broken('firstByte'),
  },
  {
    name: 'closed when the request is in',
    script: () => ({ onRequest: (socket) => void socket.end() }),
    expect: () => broken('firstByte'),
  },
  {
    name: 'a pooled connection is closed as the next request comes',
    afterSuccess: true,
    script: (format, mode) => ({
      onRequest(socket, { count }) {
        if (count === 2) reset(socket);
        else socket.write(whole(format, mode));
      },
    }),
    expect: () => ({ requests: 3 }),
  },
  {
    name: 'half a status line, then nothing',
    script: () => ({ onRequest: (socket) => void socket.write('HTTP/1.1 2') }),
    expect: () => timeout('firstByte'),
  },
  {
    name: 'something that is not HTTP',
    script: () => ({ onRequest: (socket) => void socket.write('SSH-2.0-OpenSSH_9.2\r\n') }),
    expect: () => broken('firstByte'),
  },
  {
    name: 'headers of 64 KB',
    script: () => ({
      onRequest: (socket) => void socket.write(head(200, { 'x-long': 'x'.repeat(65_536) })),
    }),
    expect: () => broken('firstByte'),
  },
  {
    name: 'informational responses before the answer',
    script: (format, mode) => ({
      onRequest(socket) {
        socket.write(head(103, { link: '</x>' }));
        socket.write(whole(format, mode));
      },
    }),
    expect: () => ({ requests: 1 }),
  },
  {
    name: 'headers, then nothing',
    script: (format, mode) => ({ onRequest: (socket) => void socket.write(begin(format, mode)[0]!) }),
    expect: () => timeout('firstByte'),
  },
  {
    name: 'half a body, then nothing',
    script: (format, mode) => ({
      onRequest: (socket) => void socket.write(Buffer.concat(begin(format, mode))),
    }),
    // Whether there were words in the half depends on the format.
    expect: (mode) => timeout(mode === 'unary' ? 'idle' : ['firstByte', 'idle']),
  },
  {
    name: 'half a body, then reset',
    script: (format, mode) => ({
      onRequest(socket) {
        socket.write(Buffer.concat(begin(format, mode)), () => setImmediate(reset, socket));
      },
    }),
    expect: cut,
  },
  {
    name: 'half a body, then closed without the last chunk',
    script: (format, mode) => ({
      onRequest: (socket) => void socket.end(Buffer.concat(begin(format, mode))),
    }),
    expect: cut,
  },
  {
    name: 'a content-length that is too long',
    script: (format, mode) => ({
      onRequest(socket) {
        const type = mode === 'stream' ? format.streamType : json['content-type'];
        const body = mode === 'stream' ? format.events[0]! : Buffer.from(format.document);
        socket.end(
          Buffer.concat([
            Buffer.from(head(200, { 'content-type': type, 'content-length': String(body.length + 100) })),
            body,
          ]),
        );
      },
    }),
    expect: cut,
  },
  {
    name: 'a content-length that is too short',
    script: (format, mode) => ({
      onRequest(socket) {
        const type = mode === 'stream' ? format.streamType : json['content-type'];
        const body = mode === 'stream' ? Buffer.concat(format.events) : Buffer.from(format.document);
        const length = mode === 'stream' ? format.events[0]!.length : 20;
        socket.end(
          Buffer.concat([
            Buffer.from(head(200, { 'content-type': type, 'content-length': String(length) })),
            body,
          ]),
        );
      },
    }),
    expect: (mode) => (mode === 'stream' ? interrupted : invalid()),
  },
  {
    name: 'one byte at a time, for ever',
    script: (_format, mode) => ({
      onRequest(socket) {
        socket.write(head(200, { ...chunkedBody, ...(mode === 'unary' && json) }));
        return drip(socket, chunked('{'), 5);
      },
    }),
    // Without a label it is a document that grows; where lines of JSON are the stream, an event that does not come.
    expect: (mode, format) =>
      timeout(mode === 'stream' && format.streamType === 'application/x-ndjson' ? 'firstByte' : 'total'),
  },
  {
    name: 'comments only, for ever',
    modes: ['stream'],
    needs: 'keepAlive',
    script: (format) => ({
      onRequest(socket) {
        socket.write(begin(format, 'stream')[0]!);
        return drip(socket, chunked(format.keepAlive!), 5);
      },
    }),
    expect: () => timeout('firstByte'),
  },
  {
    name: 'a character cut in two, the rest later',
    modes: ['stream'],
    script: (format) => ({
      async onRequest(socket) {
        const body = Buffer.concat(format.events);
        const at = body.indexOf(0xc3) + 1;
        socket.write(begin(format, 'stream')[0]!);
        socket.write(chunked(body.subarray(0, at)));
        await new Promise((resolve) => setImmediate(resolve));
        socket.write(Buffer.concat([chunked(body.subarray(at)), chunked('')]));
      },
    }),
    expect: () => ({ requests: 1 }),
  },
  {
    name: 'a character cut in two, and the end',
    modes: ['stream'],
    script: (format) => ({
      onRequest(socket) {
        const body = Buffer.concat(format.events);
        const part = body.subarray(0, body.indexOf(0xc3) + 1);
        socket.write(Buffer.concat([begin(format, 'stream')[0]!, chunked(part), chunked('')]));
      },
    }),
    expect: () => interrupted,
  },
  {
    name: 'no terminal event',
    modes: ['stream'],
    script: (format) => ({
      onRequest(socket) {
        socket.write(Buffer.concat([...begin(format, 'stream'), chunked('')]));
      },
    }),
    expect: () => interrupted,
  },
  {
    name: 'the terminal event, and the body left open',
    modes: ['stream'],
    script: (format) => ({
      onRequest(socket) {
        socket.write(Buffer.concat([begin(format, 'stream')[0]!, ...format.events.map(chunked)]));
      },
    }),
    expect: (_mode, format) => (format.endsWithBody ? timeout('idle') : { requests: 1 }),
  },
  {
    name: 'an error event after 200, before any content',
    modes: ['stream'],
    script: (format) => ({
      onRequest(socket) {
        socket.write(Buffer.concat([begin(format, 'stream')[0]!, chunked(format.errorEvent)]));
      },
    }),
    expect: (_mode, format) => ({ error: format.errorEventClass, phase: ['body'], requests: 3 }),
  },
  {
    name: 'an error event behind content',
    modes: ['stream'],
    script: (format) => ({
      onRequest(socket) {
        const said = format.events.findIndex((event) => event.includes('"Gr"')) + 1;
        const events = [...format.events.slice(0, said), format.errorEvent];
        socket.write(Buffer.concat([begin(format, 'stream')[0]!, ...events.map(chunked)]));
      },
    }),
    expect: (_mode, format) => ({ error: format.errorEventClass, phase: ['body'], requests: 1 }),
  },
  {
    name: 'an event that is broken',
    modes: ['stream'],
    script: (format) => ({
      onRequest(socket) {
        socket.write(Buffer.concat([begin(format, 'stream')[0]!, chunked(format.brokenEvent)]));
      },
    }),
    expect: (_mode, format) => invalid(format.brokenEventCode),
  },
  {
    name: '64 MB in one event',
    timeout: { idle: 60_000, total: 60_000 },
    modes: ['stream'],
    script: (format) => ({
      async onRequest(socket) {
        socket.write(begin(format, 'stream')[0]!);
        socket.write(chunked(format.eventPrefix));
        const piece = chunked(Buffer.alloc(1024 * 1024, 0x78));
        for (let sent = 0; sent < 64 && !socket.destroyed; sent++) {
          if (!socket.write(piece)) {
            await Promise.race([
              new Promise((resolve) => socket.once('drain', resolve)),
              new Promise((resolve) => socket.once('close', resolve)),
            ]);
          }
        }
      },
    }),
    expect: () => invalid('event_too_large'),
  },
  {
    name: 'a body that unpacks to more than the limit',
    timeout: { idle: 60_000, total: 60_000 },
    modes: ['unary'],
    script: () => ({
      onRequest(socket) {
        const body = gzipSync(Buffer.alloc(8 * 1024 * 1024, 0x20));
        socket.write(
          head(200, { ...json, 'content-encoding': 'gzip', 'content-length': String(body.length) }),
        );
        socket.write(body);
      },
    }),
    expect: () => invalid('response_too_large'),
  },
  {
    name: 'a compressed answer that nobody asked for',
    script: (format, mode) => ({
      onRequest(socket) {
        const body = gzipSync(mode === 'stream' ? Buffer.concat(format.events) : format.document);
        const type = mode === 'stream' ? format.streamType : json['content-type'];
        socket.write(
          head(200, {
            'content-type': type,
            'content-encoding': 'gzip',
            'content-length': String(body.length),
          }),
        );
        socket.write(body);
      },
    }),
    expect: () => ({ requests: 1 }),
  },
  {
    name: 'a compressed answer that is broken',
    script: (format, mode) => ({
      onRequest(socket) {
        const type = mode === 'stream' ? format.streamType : json['content-type'];
        const body = gzipSync(mode === 'stream' ? Buffer.concat(format.events) : format.document);
        body.fill(0xff, 10);
        const length = String(body.length);
        socket.write(
          head(200, { 'content-type': type, 'content-encoding': 'gzip', 'content-length': length }),
        );
        socket.write(body);
      },
    }),
    expect: cut,
  },
  {
    name: 'plain text that is labelled gzip',
    script: (format, mode) => ({
      onRequest(socket) {
        const type = mode === 'stream' ? format.streamType : json['content-type'];
        const body = mode === 'stream' ? Buffer.concat(format.events) : Buffer.from(format.document);
        const length = String(body.length);
        socket.write(
          head(200, { 'content-type': type, 'content-encoding': 'gzip', 'content-length': length }),
        );
        socket.write(body);
      },
    }),
    expect: () => ({ requests: 1 }),
  },
  {
    name: 'a page of HTML with status 200',
    script: () => ({
      onRequest(socket) {
        const page = '<html><title>Sign in</title></html>';
        socket.write(
          head(200, { 'content-type': 'text/html', 'content-length': String(page.length) }) + page,
        );
      },
    }),
    expect: () => invalid(),
  },
  {
    name: 'a redirect to another origin',
    script: (_format, _mode, other) => ({
      onRequest(socket) {
        socket.write(head(307, { location: `${other.origin}/v1`, 'content-length': '0' }));
      },
    }),
    expect: () => ({ error: 'APIError', phase: ['body'], requests: 1 }),
  },
  {
    name: 'overloaded at first',
    script: (format, mode) => ({
      onRequest(socket, { count }) {
        if (count > 1) socket.write(whole(format, mode));
        else socket.write(head(503, { 'retry-after-ms': '1', 'content-length': '0' }));
      },
    }),
    expect: () => ({ requests: 2 }),
  },
  {
    name: 'a Retry-After beyond the cap',
    script: () => ({
      onRequest(socket) {
        socket.write(head(429, { 'retry-after': '600', 'content-length': '0' }));
      },
    }),
    expect: () => ({ error: 'RateLimitError', phase: ['body'], requests: 1 }),
  },
  {
    name: 'an error status whose body does not come',
    script: () => ({ onRequest: (socket) => void socket.write(head(400, { 'content-length': '100' })) }),
    expect: () => ({ error: 'BadRequestError', phase: ['body'], requests: 1 }),
  },
  {
    name: 'an error status with an endless body',
    script: () => ({
      onRequest(socket) {
        socket.write(head(400, { ...chunkedBody }));
        return drip(socket, chunked('x'.repeat(8192)), 1);
      },
    }),
    expect: () => ({ error: 'BadRequestError', phase: ['body'], requests: 1 }),
  },
];
