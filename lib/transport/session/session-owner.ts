import type { HttpSession } from './http-session.interface.js';

/** Records the sessions that are ours to close. Any other one is somebody else's and is never closed. */
export class SessionOwner {
  private readonly sessions = new Set<HttpSession>();

  own(session: HttpSession): HttpSession {
    this.sessions.add(session);
    return session;
  }

  /** Closes one session, if it is owned. */
  async release(session: HttpSession, error: Error): Promise<void> {
    // undici's close() before destroy() would leave its streams running for ever.
    if (this.sessions.delete(session)) await session.destroy(error);
  }

  /** Closes every owned session. */
  async destroy(error: Error): Promise<void> {
    await Promise.all([...this.sessions].map((session) => this.release(session, error)));
  }
}
