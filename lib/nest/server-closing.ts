import type { Server } from 'node:http';
import type { AbstractHttpAdapter } from '@nestjs/core';

/** What an application's server and the calls it waits for are, as far as its end is concerned. */
type ClosableAdapter = Pick<AbstractHttpAdapter, 'close' | 'getHttpServer'>;

/** Milliseconds between two looks for connections that have become idle. */
const SWEEP_MS = 50;

/** Milliseconds that responses get to be written when what they were waiting for has ended. */
const FLUSH_MS = 500;

/** Of each application that is shutting down: what is waited for before its connections may be cut. */
const waiting = new WeakMap<ClosableAdapter, (() => Promise<boolean>)[]>();

/**
 * Has `drain` run when the application stops taking connections, before any that is open may be cut.
 *
 * NestJS has no hook there: `beforeApplicationShutdown` runs while others may still delay the end of the server, and
 * with `forceCloseConnections` the adapter's `close()` destroys the sockets at once. So `close()` is what is preceded, of
 * this one instance and for this one shutdown.
 *
 * @param drain resolves with whether there was something to wait for
 */
export function beforeServerCloses(adapter: ClosableAdapter, drain: () => Promise<boolean>): void {
  const present = waiting.get(adapter);
  if (present !== undefined) {
    present.push(drain);
    return;
  }
  const drains = [drain];
  waiting.set(adapter, drains);
  const close = adapter.close;
  adapter.close = async () => {
    adapter.close = close;
    waiting.delete(adapter);
    const closed = stopListening(adapter.getHttpServer() as Server);
    const waited = await Promise.all(drains.map((each) => each()));
    // The ends that the calls came to are on their way to the clients.
    if (waited.includes(true)) await settledWithin(closed, FLUSH_MS);
    return close.call(adapter) as unknown;
  };
}

/** Takes no more connections, and closes each open one as soon as it is idle: Node looks for those only once. */
function stopListening(server: Server): Promise<void> {
  const sweep = setInterval(() => server.closeIdleConnections?.(), SWEEP_MS).unref();
  return new Promise((resolve) => {
    server.close(() => {
      clearInterval(sweep);
      resolve();
    });
  });
}

async function settledWithin(promise: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, limit]);
  clearTimeout(timer);
}
