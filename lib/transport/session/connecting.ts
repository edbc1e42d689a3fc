import type { HttpConnector } from './http-session-options.interface.js';

/** What undici's connector returns: the socket, before it is connected. */
interface Attempt {
  destroy(error?: Error): unknown;
}

/**
 * The connections that are being opened. undici's `destroy()` leaves them alone until they stand or fail, and a handshake
 * that nobody answers would hold the process for as long as the connect timeout.
 */
export class Connecting {
  private readonly attempts = new Set<Attempt>();

  watch(connect: HttpConnector): HttpConnector {
    return (options, callback) => {
      let settled = false;
      const attempt = connect(options, (...result) => {
        settled = true;
        if (attempt !== undefined) this.attempts.delete(attempt);
        callback(...result);
      }) as Attempt | undefined;
      if (!settled && attempt !== undefined) this.attempts.add(attempt);
      return attempt;
    };
  }

  destroy(error: Error): void {
    for (const attempt of this.attempts) attempt.destroy(error);
  }
}
