import type { HttpSession } from '../session/http-session.interface.js';
import type { HttpReply, HttpRequest } from './http-request.interface.js';

/** What sends calls over the injected session: an `LlmHandler`. */
export interface Transport {
  /** @throws {LlmError} typed, with the phase, in every case of failure */
  send(request: HttpRequest): Promise<HttpReply>;
  /** Whether calls need credentials. @param session of the call, where it has one of its own */
  needsCredentials(session: HttpSession | undefined): boolean;
}
