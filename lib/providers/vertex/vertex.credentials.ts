import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LlmConfigurationError } from '../../errors/errors.js';
import { firstOf } from '../kit/connection.js';
import type { Environment } from '../provider-adapter.interface.js';

/** The key file of a service account. */
export interface ServiceAccount {
  readonly type: 'service_account';
  readonly project_id?: string;
  readonly client_email: string;
  /** PEM, PKCS #8. */
  readonly private_key: string;
  readonly private_key_id?: string;
  readonly token_uri?: string;
}

/** What `gcloud auth application-default login` leaves. */
export interface AuthorizedUser {
  readonly type: 'authorized_user';
  readonly client_id: string;
  readonly client_secret: string;
  readonly refresh_token: string;
  readonly quota_project_id?: string;
  readonly token_uri?: string;
}

export type GoogleCredentials = ServiceAccount | AuthorizedUser;

/** Fields that the credentials of a type cannot do without. */
const NEEDED: Readonly<Record<GoogleCredentials['type'], readonly string[]>> = {
  service_account: ['client_email', 'private_key'],
  authorized_user: ['client_id', 'client_secret', 'refresh_token'],
};

/** LiteLLM's variable, which holds a path or the JSON itself, and that of Google's libraries. */
const VARIABLES = ['VERTEXAI_CREDENTIALS', 'GOOGLE_APPLICATION_CREDENTIALS'];

function wrong(provider: string, source: string, what: string): LlmConfigurationError {
  return new LlmConfigurationError(`${provider}: the credentials from ${source} ${what}`, {
    code: 'invalid_credentials',
    provider,
  });
}

/**
 * Finds Google credentials: the ones given, those that the environment names, those of the gcloud command.
 *
 * @param given an object, its JSON, or the path of a file with it
 * @returns `undefined` when there are none
 * @throws {LlmConfigurationError} when there are some that cannot be used
 * @see {@link https://cloud.google.com/docs/authentication/application-default-credentials} for the order
 */
export function findCredentials(
  provider: string,
  given: unknown,
  env: Environment,
): GoogleCredentials | undefined {
  if (given !== undefined) return readCredentials(provider, `providers.${provider}.credentials`, given);
  for (const name of VARIABLES) {
    const value = firstOf(env, [name]);
    if (value !== undefined) return readCredentials(provider, name, value);
  }
  const path = gcloudPath(env);
  return path !== undefined && existsSync(path)
    ? readCredentials(provider, "gcloud's application default credentials", path)
    : undefined;
}

function gcloudPath(env: Environment): string | undefined {
  const file = 'application_default_credentials.json';
  const own = firstOf(env, ['CLOUDSDK_CONFIG']);
  if (own !== undefined) return join(own, file);
  const roaming = firstOf(env, ['APPDATA']);
  if (roaming !== undefined) return join(roaming, 'gcloud', file);
  const home = firstOf(env, ['HOME']);
  return home === undefined ? undefined : join(home, '.config', 'gcloud', file);
}

function readCredentials(provider: string, source: string, given: unknown): GoogleCredentials {
  const credentials: unknown = typeof given === 'string' ? parse(provider, source, given) : given;
  if (typeof credentials !== 'object' || credentials === null)
    throw wrong(provider, source, 'are neither an object, nor JSON, nor a path');
  const fields = credentials as Record<string, unknown>;
  // Objects that are put together by hand often lack the type.
  const type = fields['type'] ?? (fields['private_key'] === undefined ? undefined : 'service_account');
  if (type !== 'service_account' && type !== 'authorized_user') {
    throw wrong(
      provider,
      source,
      `are of the type ${JSON.stringify(type)}, which this package does not know: give providers.${provider}.accessToken a function that gets tokens`,
    );
  }
  const missing = NEEDED[type].filter((name) => typeof fields[name] !== 'string' || fields[name] === '');
  if (missing.length > 0) throw wrong(provider, source, `lack ${missing.join(', ')}`);
  return { ...fields, type } as GoogleCredentials;
}

/** Errors of the file system and of JSON quote what they stumbled over, which may be a secret: they are no cause. */
function parse(provider: string, source: string, given: string): unknown {
  let text = given;
  if (!given.trimStart().startsWith('{')) {
    try {
      text = readFileSync(given, 'utf8');
    } catch (error) {
      throw wrong(
        provider,
        source,
        `are a path that cannot be read (${(error as NodeJS.ErrnoException).code})`,
      );
    }
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw wrong(provider, source, 'are no JSON');
  }
}
