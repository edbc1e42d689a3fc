import { APITimeoutError, APIUserAbortError } from '../../../errors/errors.js';
import type { CredentialsExchange } from '../../provider-adapter.interface.js';
import type { AwsCredentials, CredentialsSource } from './aws-credentials.js';

/** 5 min: what AWS's own SDKs leave, and when the metadata services have new credentials. */
const REFRESH_BEFORE_MS = 5 * 60_000;

/** Asks a source once for all calls, and again shortly before what it gave expires. */
export class CredentialsCache {
  private current: AwsCredentials | undefined;
  private pending: Promise<AwsCredentials> | undefined;

  constructor(private readonly source: CredentialsSource) {}

  async get(exchange: CredentialsExchange): Promise<AwsCredentials> {
    const { current } = this;
    if (current !== undefined && lifeOf(current) > REFRESH_BEFORE_MS) return current;
    try {
      return await this.refresh(exchange);
    } catch (error) {
      // The service that gives them may be away for a moment: the old ones are good for some minutes more.
      if (current !== undefined && lifeOf(current) > 0) return current;
      throw error;
    }
  }

  private async refresh(exchange: CredentialsExchange): Promise<AwsCredentials> {
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
      return this.current;
    } finally {
      this.pending = undefined;
    }
  }
}

/** Milliseconds. */
function lifeOf({ expiresAt }: AwsCredentials): number {
  return expiresAt === undefined ? Infinity : expiresAt - Date.now();
}

function endedByItsCall(error: unknown): boolean {
  return error instanceof APIUserAbortError || (error instanceof APITimeoutError && error.phase === 'total');
}
