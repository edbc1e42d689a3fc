import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';

/** What a fault does with a connection, once a whole request is in. */
export type Misbehave = (socket: Socket, request: { readonly count: number }) => void | Promise<void>;

export interface FaultScript {
  /** Called for each request; the first one's `count` is 1. */
  onRequest?: Misbehave;
  /** Called for each connection, before any byte of it is read. */
  onConnection?: (socket: Socket) => void;
}

/** A provider of which the test writes every byte, and whose connections it can break at every byte. */
export interface FaultServer {
  readonly origin: string;
  readonly port: number;
  /** The certificate to trust; `undefined` without TLS. */
  readonly ca: string | undefined;
  /** Whole requests that came in since the last script. */
  readonly requests: () => number;
  readonly sockets: ReadonlySet<Socket>;
  script(script: FaultScript): void;
  close(): Promise<void>;
}

export async function startFaultServer({ tls = false } = {}): Promise<FaultServer> {
  const sockets = new Set<Socket>();
  let current: FaultScript = {};
  let count = 0;
  const accept = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    current.onConnection?.(socket);
    let received = Buffer.alloc(0);
    socket.on('data', (data: Buffer) => {
      received = Buffer.concat([received, data]);
      const end = received.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(received.toString('latin1', 0, end))?.[1] ?? 0);
      if (end === -1 || received.length < end + 4 + length) return;
      received = received.subarray(end + 4 + length);
      count++;
      void current.onRequest?.(socket, { count });
    });
  };
  const identity = tls ? makeIdentity() : undefined;
  const secureContext = identity && createSecureContext(identity);
  const server = createServer((socket) => {
    if (secureContext === undefined) return accept(socket);
    const secured = new TLSSocket(socket, { isServer: true, secureContext });
    transports.set(secured, socket);
    accept(secured);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    ca: identity?.cert,
    requests: () => count,
    sockets,
    script(script) {
      current = script;
      count = 0;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A key and a certificate for 127.0.0.1 that are as old as the test. */
function makeIdentity(): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-llm-tls-'));
  const key = join(folder, 'key.pem');
  const cert = join(folder, 'cert.pem');
  try {
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
        '-keyout',
        key,
        '-out',
        cert,
        '-subj',
        '/CN=127.0.0.1',
        '-addext',
        'subjectAltName=IP:127.0.0.1',
      ],
      { stdio: 'ignore' },
    );
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The head of a response. */
export function head(status: number, headers: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} X\r\n${lines.join('')}\r\n`;
}

/** A piece of a body with `transfer-encoding: chunked`; the empty one ends it. */
export function chunked(data: string | Buffer): Buffer {
  const bytes = Buffer.from(data);
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}

/** The TCP connection under a TLS one. */
const transports = new WeakMap<Socket, Socket>();

/** Sends RST rather than FIN. */
export function reset(socket: Socket): void {
  (transports.get(socket) ?? socket).resetAndDestroy();
}

/** Writes pieces for as long as the connection is open. */
export async function drip(socket: Socket, piece: string | Buffer, everyMs: number): Promise<void> {
  while (!socket.destroyed) {
    socket.write(piece);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
