import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

/** A provider of which the test writes every byte. */
export interface RawUpstream {
  readonly baseURL: string;
  close(): Promise<void>;
}

/** @param answer called with the connection when a whole request is in */
export async function startRawUpstream(answer: (socket: Socket) => void): Promise<RawUpstream> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    let received = '';
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.on('data', (data: Buffer) => {
      received += data.toString('latin1');
      const [head, body] = received.split('\r\n\r\n', 2);
      const length = Number(/content-length: (\d+)/i.exec(head!)?.[1]);
      if (body === undefined || body.length < length) return;
      received = '';
      answer(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    baseURL: `http://127.0.0.1:${port}/v1`,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The head of a successful answer with an event stream. */
export function streamHead(...headers: string[]): string {
  return ['HTTP/1.1 200 OK', 'content-type: text/event-stream', ...headers, '', ''].join('\r\n');
}

/** A piece of a body with `transfer-encoding: chunked`; the empty one ends it. */
export function chunked(text: string | Buffer): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}
