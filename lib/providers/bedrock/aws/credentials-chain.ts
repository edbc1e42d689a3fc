import {
  APIUserAbortError,
  AuthenticationError,
  LlmConfigurationError,
  SessionClosedError,
} from '../../../errors/errors.js';
import type { Environment } from '../../provider-adapter.interface.js';
import type { CredentialsSource } from './aws-credentials.js';
import { containerSource, instanceSource } from './metadata-credentials.js';
import { environmentSource, profileSource, requireProfile } from './profile-credentials.js';
import { readProfile, type Profile } from './profile-files.js';
import { webIdentitySource, type StsScope } from './sts-credentials.js';

/** The AWS settings of a provider's options. */
export interface AwsSettings {
  readonly region?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly sessionToken?: string;
  /** A profile of AWS's shared files. */
  readonly profile?: string;
}

/** Whether the options say themselves whose credentials to use. */
export function hasOwnCredentials({ accessKeyId, secretAccessKey, profile }: AwsSettings): boolean {
  return accessKeyId !== undefined || secretAccessKey !== undefined || profile !== undefined;
}

/** The profile that counts: the options', then the environment's, then `default`, which may be absent. */
export function activeProfile(
  provider: string,
  settings: AwsSettings,
  env: Environment,
): { readonly name: string; readonly values: Profile | undefined } {
  const named = settings.profile ?? (env['AWS_PROFILE'] || undefined);
  return named === undefined
    ? { name: 'default', values: readProfile('default', env) }
    : { name: named, values: requireProfile(named, { provider, env }) };
}

/** @throws {AuthenticationError} naming everything that may be set */
export function missingCredentials(provider: string, found: string, cause?: unknown): AuthenticationError {
  return new AuthenticationError(
    `${provider}: no credentials${found}; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or AWS_BEARER_TOKEN_BEDROCK (and AWS_REGION), or apiKey, accessKeyId and secretAccessKey, or profile (and region) of providers.${provider} in the module's options`,
    { provider, code: 'missing_credentials', cause },
  );
}

/**
 * Finds out where the credentials come from: the options, the environment, a profile, a web identity, the container,
 * the EC2 instance; in the order of AWS's SDKs. Nothing is asked for them yet.
 *
 * @throws {LlmConfigurationError} when a setting cannot be followed
 */
export function findCredentials(settings: AwsSettings, scope: StsScope): CredentialsSource {
  const { provider, env } = scope;
  const { accessKeyId, secretAccessKey, sessionToken } = settings;
  if (accessKeyId !== undefined || secretAccessKey !== undefined) {
    if (accessKeyId === undefined || secretAccessKey === undefined) {
      throw new LlmConfigurationError(
        `${provider}: accessKeyId and secretAccessKey belong together, and only one of them is set`,
        { provider },
      );
    }
    return () => Promise.resolve({ accessKeyId, secretAccessKey, sessionToken });
  }
  if (settings.profile === undefined) {
    const fromEnvironment = environmentSource(env);
    if (fromEnvironment !== undefined) return fromEnvironment;
  }
  const { name, values } = activeProfile(provider, settings, env);
  const fromProfile = values && profileSource(name, values, scope);
  if (fromProfile !== undefined) return fromProfile;
  if (settings.profile !== undefined) {
    throw new LlmConfigurationError(`${provider}: the AWS profile "${name}" has no credentials`, {
      provider,
    });
  }
  return environmentWebIdentity(scope) ?? containerSource(provider, env) ?? lastResort(provider, env);
}

function environmentWebIdentity(scope: StsScope): CredentialsSource | undefined {
  const { env } = scope;
  const tokenFile = env['AWS_WEB_IDENTITY_TOKEN_FILE'];
  const arn = env['AWS_ROLE_ARN'];
  if (!tokenFile || !arn) return undefined;
  const sessionName = env['AWS_ROLE_SESSION_NAME'] || undefined;
  return webIdentitySource({ arn, sessionName }, tokenFile, 'AWS_WEB_IDENTITY_TOKEN_FILE', scope);
}

/** The EC2 metadata service; where there is none, the message is about what the user forgot. */
function lastResort(provider: string, env: Environment): CredentialsSource {
  const source = instanceSource(provider, env);
  if (source === undefined) throw missingCredentials(provider, '');
  return async (exchange) => {
    try {
      return await source(exchange);
    } catch (error) {
      if (error instanceof APIUserAbortError || error instanceof SessionClosedError) throw error;
      throw missingCredentials(provider, ', and the EC2 metadata service gave none', error);
    }
  };
}
