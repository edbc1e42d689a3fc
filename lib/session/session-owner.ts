import type { HttpSession } from './http-session.interface.js';

/** Records the session that the module itself made. Any other one is somebody else's and is never closed. */
export class SessionOwner {
  private session: HttpSession | undefined;

  own(session: HttpSession): HttpSession {
    this.session = session;
    return session;
  }

  /** Closes the owned session, if there is one. */
  async destroy(error: Error): Promise<void> {
    const { session } = this;
    this.session = undefined;
    // undici's close() before destroy() would leave its streams running for ever.
    await session?.destroy(error);
  }
}
