import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { AuthenticationError, LlmConfigurationError } from '../../errors/errors.js';
import { firstOf } from '../kit/connection.js';
import type { ExpiringCredentials } from '../kit/credentials-cache.js';
import type { CredentialsExchange, CredentialsReply, Environment } from '../provider-adapter.interface.js';
import type { AuthorizedUser, GoogleCredentials, ServiceAccount } from './vertex.credentials.js';

/** A token for Google's APIs. */
export interface AccessToken extends ExpiringCredentials {
  readonly value: string;
}

export type TokenSource = (exchange: CredentialsExchange) => Promise<AccessToken>;

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const TOKEN_URI = 'https://oauth2.googleapis.com/token';
/** The longest that Google accepts. */
const ASSERTION_TTL_SECONDS = 3600;

/** 5 min for a token whose answer does not say how long it is good, which the standard only recommends. */
const UNTOLD_LIFE_SECONDS = 300;

/** The address is on the same machine, or nowhere. In milliseconds. */
const METADATA_TIMEOUT = { connect: 1000, firstByte: 5000 };
const METADATA_HOST = '169.254.169.254';
const METADATA_PATH = '/computeMetadata/v1/instance/service-accounts/default/token';

/** Exchanges credentials for tokens. */
export function tokenSource(provider: string, credentials: GoogleCredentials): TokenSource {
  return credentials.type === 'service_account'
    ? (exchange) => fromServiceAccount(provider, credentials, exchange)
    : (exchange) => fromUser(provider, credentials, exchange);
}

/** @see {@link https://developers.google.com/identity/protocols/oauth2/service-account#httprest} */
async function fromServiceAccount(
  provider: string,
  account: ServiceAccount,
  exchange: CredentialsExchange,
): Promise<AccessToken> {
  const uri = account.token_uri ?? TOKEN_URI;
  const assertion = await assertionOf(provider, account, uri);
  return send(provider, exchange, uri, {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion,
  });
}

const signAsync = promisify(sign);

/**
 * A JSON Web Token of the account, signed with its key.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7515#appendix-A.2} for RS256
 */
async function assertionOf(provider: string, account: ServiceAccount, audience: string): Promise<string> {
  const { client_email: email, private_key_id: id } = account;
  const now = Math.floor(Date.now() / 1000);
  const header = { alg: 'RS256', typ: 'JWT', ...(id !== undefined && { kid: id }) };
  const claims = { scope: SCOPE, iss: email, aud: audience, iat: now, exp: now + ASSERTION_TTL_SECONDS };
  const signed = `${base64url(header)}.${base64url(claims)}`;
  // In libuv's pool: it takes a millisecond.
  const signature = await signAsync('RSA-SHA256', Buffer.from(signed), keyOf(provider, account));
  return `${signed}.${signature.toString('base64url')}`;
}

function base64url(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function keyOf(provider: string, { private_key: pem, client_email: email }: ServiceAccount): KeyObject {
  try {
    // A key that came through an environment variable often has its line ends written out.
    const key = createPrivateKey(pem.replaceAll('\\n', '\n'));
    if (key.asymmetricKeyType === 'rsa') return key;
  } catch {
    // Its reason may quote the key.
  }
  throw new LlmConfigurationError(
    `${provider}: the private_key of the service account ${email} is no RSA key in PEM`,
    { code: 'invalid_credentials', provider },
  );
}

/** @see {@link https://developers.google.com/identity/protocols/oauth2/web-server#offline} */
function fromUser(
  provider: string,
  user: AuthorizedUser,
  exchange: CredentialsExchange,
): Promise<AccessToken> {
  return send(provider, exchange, user.token_uri ?? TOKEN_URI, {
    grant_type: 'refresh_token',
    client_id: user.client_id,
    client_secret: user.client_secret,
    refresh_token: user.refresh_token,
  });
}

async function send(
  provider: string,
  exchange: CredentialsExchange,
  url: string,
  form: Record<string, string>,
): Promise<AccessToken> {
  const reply = await exchange({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams(form).toString(),
  });
  return readToken(provider, new URL(url).host, reply);
}

/**
 * The tokens of the machine's own service account: on Compute Engine, Cloud Run, GKE and the like.
 *
 * @see {@link https://cloud.google.com/compute/docs/access/authenticate-workloads#applications}
 */
export function metadataSource(provider: string, env: Environment): TokenSource {
  const host = firstOf(env, ['GCE_METADATA_HOST', 'GCE_METADATA_IP']) ?? METADATA_HOST;
  return async (exchange) => {
    let reply: CredentialsReply;
    try {
      reply = await exchange({
        method: 'GET',
        url: `http://${host}${METADATA_PATH}`,
        headers: { 'metadata-flavor': 'Google' },
        timeout: METADATA_TIMEOUT,
        retry: { maxRetries: 0 },
      });
    } catch (cause) {
      throw new AuthenticationError(
        `${provider}: no credentials: none are configured, and Google's metadata server (${host}) gave none; set GOOGLE_APPLICATION_CREDENTIALS, or providers.${provider}.credentials, accessToken or apiKey in the module's options`,
        { code: 'missing_credentials', provider, cause },
      );
    }
    return readToken(provider, host, reply);
  };
}

function readToken(provider: string, host: string, { body }: CredentialsReply): AccessToken {
  let document: Record<string, unknown> | null = null;
  try {
    document = JSON.parse(body) as Record<string, unknown> | null;
  } catch {
    // Reported below: the body may hold a token.
  }
  const value = document?.['access_token'];
  const seconds = Number(document?.['expires_in'] ?? NaN);
  if (typeof value === 'string' && value !== '') {
    return { value, expiresAt: Date.now() + (Number.isNaN(seconds) ? UNTOLD_LIFE_SECONDS : seconds) * 1000 };
  }
  throw new AuthenticationError(`${provider}: ${host} answered without an access token`, {
    code: 'credentials_failed',
    provider,
  });
}
