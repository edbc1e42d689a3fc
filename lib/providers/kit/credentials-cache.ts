import { APITimeoutError, APIUserAbortError } from '../../errors/errors.js';
import type { CredentialsExchange } from '../provider-adapter.interface.js';

/** 5 min: what the clouds' own SDKs leave, and when the metadata services have new credentials. */
const REFRESH_BEFORE_MS = 5 * 60_000;

/** Credentials that end at some time. */
export interface ExpiringCredentials {
  /** Milliseconds since 1970; absent for credentials that do not expire. */
  readonly expiresAt?: number | undefined;
}

/** Asks a source once for all calls, and again shortly before what it gave expires. */
export class CredentialsCache<Credentials extends ExpiringCredentials> {
  private current: Credentials | undefined;
  /** How often the current ones were given again. */
  private uses = 0;
  private pending: Promise<Credentials> | undefined;

  constructor(private readonly source: (exchange: CredentialsExchange) => Promise<Credentials>) {}

  async get(exchange: CredentialsExchange): Promise<Credentials> {
    const { current } = this;
    if (current !== undefined && lifeOf(current) > REFRESH_BEFORE_MS) {
      this.uses++;
      return current;
    }
    try {
      return await this.refresh(exchange);
    } catch (error) {
      // The service that gives them may be away for a moment: the old ones are good for some minutes more.
      if (current !== undefined && lifeOf(current) > 0) return current;
      throw error;
    }
  }

  /**
   * The provider refused what {@link get} gave, though it had not expired: it may have been revoked.
   *
   * @param isCurrent whether the refused ones are these
   * @returns whether there is sense in another try: none when the refused ones had just been asked for
   */
  drop(isCurrent: (current: Credentials) => boolean): boolean {
    if (this.current === undefined || !isCurrent(this.current)) return true;
    this.current = undefined;
    return this.uses > 0;
  }

  private async refresh(exchange: CredentialsExchange): Promise<Credentials> {
    const shared = this.pending;
    if (shared !== undefined) {
      try {
        return await shared;
      } catch (error) {
        // The call that asked for all was ended by its own caller, or by its own time limit: that is not ours.
        if (!endedByItsCall(error)) throw error;
        return this.refresh(exchange);
      }
    }
    const own = this.source(exchange);
    this.pending = own;
    try {
      this.current = await own;
      this.uses = 0;
      return this.current;
    } finally {
      this.pending = undefined;
    }
  }
}

/** Milliseconds. */
function lifeOf({ expiresAt }: ExpiringCredentials): number {
  return expiresAt === undefined ? Infinity : expiresAt - Date.now();
}

function endedByItsCall(error: unknown): boolean {
  return error instanceof APIUserAbortError || (error instanceof APITimeoutError && error.phase === 'total');
}
