import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { Recording } from './recordings.js';

/** A request as it came over the wire. */
export interface ReplayedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: any;
}

/** A server that sends recorded bytes, cut at random places: inside of characters, line ends and frames. */
export interface Replay {
  readonly origin: string;
  readonly requests: ReplayedRequest[];
  /** What is sent from now on, in this order, the last one again and again. */
  play(...recordings: Pick<Recording, 'status' | 'headers' | 'body'>[]): void;
  close(): Promise<void>;
}

/** @param seed of the places where the bytes are cut; a failure can be run again with it */
export async function startReplay(seed = 1): Promise<Replay> {
  const random = randomOf(seed);
  const sockets = new Set<Socket>();
  const requests: ReplayedRequest[] = [];
  let queue: Pick<Recording, 'status' | 'headers' | 'body'>[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    socket.setNoDelay(true);
    let received = Buffer.alloc(0);
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      const end = received.indexOf('\r\n\r\n');
      if (end === -1) return;
      const [first, ...lines] = received.toString('latin1', 0, end).split('\r\n');
      const headers = Object.fromEntries(
        lines.map((line) => [
          line.slice(0, line.indexOf(':')).toLowerCase(),
          line.slice(line.indexOf(':') + 1).trim(),
        ]),
      );
      const length = Number(headers['content-length'] ?? 0);
      if (received.length < end + 4 + length) return;
      const text = received.toString('utf8', end + 4, end + 4 + length);
      received = received.subarray(end + 4 + length);
      const [method, path] = first!.split(' ');
      requests.push({
        method: method!,
        path: path!,
        headers,
        body: text.startsWith('{') ? JSON.parse(text) : text,
      });
      const next = queue.length > 1 ? queue.shift()! : queue[0]!;
      void send(socket, next, random);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    play(...recordings) {
      queue = recordings;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function send(
  socket: Socket,
  { status, headers, body }: Pick<Recording, 'status' | 'headers' | 'body'>,
  random: () => number,
): Promise<void> {
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status} X\r\n${head.join('')}transfer-encoding: chunked\r\n\r\n`);
  for (let at = 0; at < body.length;) {
    const size = Math.min(body.length - at, 1 + Math.floor(random() * (random() < 0.5 ? 16 : 4096)));
    const piece = body.subarray(at, at + size);
    at += size;
    socket.write(
      Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]),
    );
    // Every few pieces arrive in a read of their own.
    if (random() < 0.3) await new Promise((resolve) => setImmediate(resolve));
  }
  socket.write('0\r\n\r\n');
}

/** Mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
