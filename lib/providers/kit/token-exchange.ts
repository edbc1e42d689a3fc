import { AuthenticationError } from '../../errors/errors.js';
import { credentialsIn } from '../../errors/redact.js';
import type { CredentialsRequest, ProviderConnection } from '../provider-adapter.interface.js';
import { CredentialsCache, type ExpiringCredentials } from './credentials-cache.js';

interface Token extends ExpiringCredentials {
  readonly token: string;
}

/** What token endpoints answer with; the end of the token's life is in the one or the other. */
interface TokenAnswer {
  access_token?: unknown;
  /** Seconds since 1970. */
  expiration?: unknown;
  /** Milliseconds since 1970. */
  expires_at?: unknown;
  /** Seconds. */
  expires_in?: unknown;
}

/**
 * A connection whose key is exchanged for a token, which is sent as a bearer and asked for again before its end.
 *
 * @param request what asks for a token
 */
export function tokenConnection(
  provider: string,
  baseURL: string,
  headers: Readonly<Record<string, string>>,
  request: () => Promise<CredentialsRequest>,
): ProviderConnection {
  const cache = new CredentialsCache(async (exchange): Promise<Token> => {
    const asked = await request();
    const { body } = await exchange(asked);
    return tokenIn(body, provider, new URL(asked.url).host);
  });
  const bearer = (token: string): string => `Bearer ${token}`;
  return {
    baseURL,
    headers,
    held: () => credentialsIn(cache.current),
    authorize: async (_request, exchange) => ({ authorization: bearer((await cache.get(exchange)).token) }),
    reject: ({ status, sentHeaders }) =>
      status === 401 && cache.drop(({ token }) => sentHeaders['authorization'] === bearer(token)),
  };
}

function tokenIn(body: string, provider: string, host: string): Token {
  const { access_token: token, expiration, expires_at, expires_in } = parse(body);
  if (typeof token !== 'string' || token === '') {
    throw new AuthenticationError(`${provider}: ${host} answered without an access token`, {
      provider,
      code: 'credentials_failed',
    });
  }
  if (typeof expires_at === 'number') return { token, expiresAt: expires_at };
  if (typeof expiration === 'number') return { token, expiresAt: expiration * 1000 };
  return { token, ...(typeof expires_in === 'number' && { expiresAt: Date.now() + expires_in * 1000 }) };
}

/** What cannot be read may hold a token: it is shown nowhere. */
function parse(body: string): TokenAnswer {
  try {
    return (JSON.parse(body) ?? {}) as TokenAnswer;
  } catch {
    return {};
  }
}
