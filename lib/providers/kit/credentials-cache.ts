import type { CredentialsExchange } from '../provider-adapter.interface.js';

/** 5 min: what the clouds' own SDKs leave, and when the metadata services have new credentials. */
const REFRESH_BEFORE_MS = 5 * 60_000;

/** Of a shorter life, the part at the end of it in which new ones are asked for. */
const REFRESH_PART = 0.25;

/**
 * 10 s for which credentials are used that say they have expired already: the clock of this machine is wrong, or the
 * source does not know better. A provider that refuses them says so.
 */
const LEAST_LIFE_MS = 10_000;

/** From 1 s, doubled each time, to 1 min between two tries to get new ones while the present ones are good. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/** Credentials that end at some time. */
export interface ExpiringCredentials {
  /** Milliseconds since 1970; absent for credentials that do not expire. */
  readonly expiresAt?: number | undefined;
}

/** What a source gave, and until when. All times are milliseconds since 1970. */
interface Held<Credentials> {
  readonly credentials: Credentials;
  readonly refreshAt: number;
  readonly expiresAt: number;
  /** How often they were given again. */
  uses: number;
}

/**
 * Asks a source once for all calls. Ahead of their end, new credentials are asked for beside the calls, which use the
 * present ones for as long as they are good: a source that is slow or away for some minutes delays and fails nothing.
 */
export class CredentialsCache<Credentials extends ExpiringCredentials> {
  private held: Held<Credentials> | undefined;
  private pending: Promise<Credentials> | undefined;
  private failures = 0;
  private nextTryAt = 0;

  constructor(private readonly source: (exchange: CredentialsExchange) => Promise<Credentials>) {}

  /** The present credentials, good or not; for what must not be shown of them. */
  get current(): Credentials | undefined {
    return this.held?.credentials;
  }

  get(exchange: CredentialsExchange): Credentials | Promise<Credentials> {
    const { held } = this;
    const now = Date.now();
    if (held === undefined || now >= held.expiresAt) return this.refresh(exchange);
    held.uses++;
    if (now >= held.refreshAt && now >= this.nextTryAt) this.refresh(exchange).catch(() => {});
    return held.credentials;
  }

  /**
   * The provider refused what {@link get} gave, though it had not expired: it may have been revoked.
   *
   * @param isCurrent whether the refused ones are these
   * @returns whether there is sense in another try: none when the refused ones had just been asked for, or when they are
   * of those that do not expire, for their source has no others
   */
  drop(isCurrent: (current: Credentials) => boolean): boolean {
    const { held } = this;
    if (held === undefined || !isCurrent(held.credentials)) return true;
    if (held.credentials.expiresAt === undefined) return false;
    this.held = undefined;
    return held.uses > 0;
  }

  private refresh(exchange: CredentialsExchange): Promise<Credentials> {
    this.pending ??= this.ask(exchange).finally(() => (this.pending = undefined));
    return this.pending;
  }

  private async ask(exchange: CredentialsExchange): Promise<Credentials> {
    try {
      const credentials = await this.source(exchange);
      this.failures = 0;
      this.nextTryAt = 0;
      this.held = holdOf(credentials);
      return credentials;
    } catch (error) {
      this.nextTryAt = Date.now() + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.failures++);
      throw error;
    }
  }
}

function holdOf<Credentials extends ExpiringCredentials>(credentials: Credentials): Held<Credentials> {
  const now = Date.now();
  const life = Math.max(LEAST_LIFE_MS, (credentials.expiresAt ?? Infinity) - now);
  const margin = Math.min(REFRESH_BEFORE_MS, life * REFRESH_PART);
  return { credentials, refreshAt: now + life - margin, expiresAt: now + life, uses: 0 };
}
