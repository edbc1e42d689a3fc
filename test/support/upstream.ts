import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request as the provider got it. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: any;
  readonly socket: Socket;
  readonly response: ServerResponse;
  /** Resolves when the client's connection of this request is closed. */
  readonly closed: Promise<void>;
}

export type Answer = (request: ReceivedRequest, response: ServerResponse) => void | Promise<void>;

/** A provider on a loopback port: a real server whose answers the test writes. */
export interface Upstream {
  /** Base URL with the version segment. */
  readonly baseURL: string;
  readonly origin: string;
  readonly port: number;
  readonly requests: ReceivedRequest[];
  /** Sockets that are open now. */
  readonly sockets: ReadonlySet<Socket>;
  /** Sockets accepted since the start. */
  readonly accepted: () => number;
  /** Answers from now on. */
  answer(answer: Answer): void;
  /** Resolves with the next request that comes in. */
  nextRequest(): Promise<ReceivedRequest>;
  close(): Promise<void>;
}

export async function startUpstream(answer: Answer = answerText()): Promise<Upstream> {
  const sockets = new Set<Socket>();
  const requests: ReceivedRequest[] = [];
  let waiters: ((request: ReceivedRequest) => void)[] = [];
  let accepted = 0;
  let current = answer;
  const server = createServer((message, response) => {
    void receive(message, response).then(async (request) => {
      requests.push(request);
      const waiting = waiters;
      waiters = [];
      for (const resolve of waiting) resolve(request);
      await current(request, response);
    });
  });
  server.on('connection', (socket) => {
    accepted++;
    sockets.add(socket);
    // Each request waits for its connection's end.
    socket.setMaxListeners(0);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    baseURL: `http://127.0.0.1:${port}/v1`,
    origin: `http://127.0.0.1:${port}`,
    port,
    requests,
    sockets,
    accepted: () => accepted,
    answer(next) {
      current = next;
    },
    nextRequest: () => new Promise((resolve) => waiters.push(resolve)),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const closings = new WeakMap<Socket, Promise<void>>();

/** One listener for all the requests of a connection. */
function closing(socket: Socket): Promise<void> {
  let closed = closings.get(socket);
  if (closed === undefined) {
    // Not by once() of events: it rejects when the connection was reset.
    closed = socket.destroyed
      ? Promise.resolve()
      : new Promise((resolve) => socket.once('close', () => resolve()));
    closings.set(socket, closed);
  }
  return closed;
}

async function receive(message: IncomingMessage, response: ServerResponse): Promise<ReceivedRequest> {
  const { socket } = message;
  const closed = closing(socket);
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return {
    method: message.method!,
    path: message.url!,
    headers: message.headers,
    body: text.startsWith('{') ? JSON.parse(text) : text,
    socket,
    response,
    closed,
  };
}

/** A unary completion of OpenAI's shape. */
export function completionOf(content: string, extra: object = {}): object {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'test-model',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content, refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    ...extra,
  };
}

/** A chunk of OpenAI's shape. */
export function chunkOf(delta: object, finish_reason: string | null = null, extra: object = {}): object {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: 'test-model',
    choices: [{ index: 0, delta, finish_reason }],
    ...extra,
  };
}

/** An event of a stream. */
export function eventOf(data: object | string): string {
  return `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
}

/** All events of a streamed text, `[DONE]` included. */
export function eventsOf(pieces: readonly string[]): string[] {
  return [
    eventOf(chunkOf({ role: 'assistant', content: '' })),
    ...pieces.map((content) => eventOf(chunkOf({ content }))),
    eventOf(chunkOf({}, 'stop')),
    eventOf('[DONE]'),
  ];
}

export function sendJson(response: ServerResponse, body: object, status = 200, headers: object = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** Begins an event stream and sends these events; the caller ends it, or leaves it open. */
export function sendEvents(response: ServerResponse, events: readonly string[]): void {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events) response.write(event);
}

/** Answers every call with this text, streamed where the call asks for it. */
export function answerText(pieces: readonly string[] = ['Hello', ', ', 'world']): Answer {
  return ({ body }, response) => {
    if (body.stream !== true) return sendJson(response, completionOf(pieces.join('')));
    sendEvents(response, eventsOf(pieces));
    response.end();
  };
}

/** Answers with a stream that sends these pieces and then nothing more, without ending. */
export function answerStalled(pieces: readonly string[] = ['Hello']): Answer {
  return (_request, response) => sendEvents(response, eventsOf(pieces).slice(0, 1 + pieces.length));
}

/** Answers with a stream that goes on sending for as long as its connection is open. */
export function answerEndless(everyMs = 5): Answer {
  return (_request, response) => {
    sendEvents(response, eventsOf(['Hello']).slice(0, 2));
    const timer = setInterval(() => response.write(eventOf(chunkOf({ content: '.' }))), everyMs);
    response.on('close', () => clearInterval(timer));
  };
}
