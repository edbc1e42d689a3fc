import { LlmConfigurationError } from '../../../errors/errors.js';
import type { Environment } from '../../provider-adapter.interface.js';
import type { CredentialsSource } from './aws-credentials.js';
import { containerSource, instanceSource } from './metadata-credentials.js';
import { profilePaths, readProfile, type Profile } from './profile-files.js';
import { assumeRoleSource, webIdentitySource, type StsScope } from './sts-credentials.js';

/** Ways of a profile to come to credentials that need a browser or a process. */
const BEYOND = ['credential_process', 'sso_session', 'sso_start_url', 'login_session', 'mfa_serial'];

/**
 * The credentials of a profile in AWS's shared files: keys, a role with a web identity, a role with the credentials of
 * another profile or of the machine.
 *
 * @returns `undefined` when the profile says nothing of credentials
 * @throws {LlmConfigurationError} when it says something that cannot be followed
 */
export function profileSource(
  name: string,
  profile: Profile,
  scope: StsScope,
  followed: readonly string[] = [],
): CredentialsSource | undefined {
  const { provider } = scope;
  const fail = (what: string): LlmConfigurationError =>
    new LlmConfigurationError(`${provider}: the AWS profile "${name}" ${what}`, { provider });
  const {
    aws_access_key_id: accessKeyId,
    aws_secret_access_key: secretAccessKey,
    aws_session_token: sessionToken,
    role_arn: arn,
    source_profile: sourceName,
  } = profile;
  const beyond = BEYOND.find((key) => profile[key] !== undefined);
  const hasKeys = accessKeyId !== undefined && secretAccessKey !== undefined;
  if (hasKeys && (arn === undefined || followed.length > 0)) {
    return () => Promise.resolve({ accessKeyId, secretAccessKey, sessionToken });
  }
  if (beyond !== undefined) {
    throw fail(
      `asks for ${beyond}, which this package does not do; run "aws configure export-credentials --profile ${name} --format env" and set what it prints`,
    );
  }
  if (arn === undefined) return undefined;
  const role = {
    arn,
    sessionName: profile['role_session_name'],
    externalId: profile['external_id'],
    durationSeconds: profile['duration_seconds'],
  };
  const tokenFile = profile['web_identity_token_file'];
  if (tokenFile !== undefined)
    return webIdentitySource(role, tokenFile, `web_identity_token_file of the profile "${name}"`, scope);
  const machine = profile['credential_source'];
  if (machine !== undefined) {
    const source = machineSource(machine, scope);
    if (source === undefined) throw fail(`has the credential_source ${machine}, which gives none here`);
    return assumeRoleSource(role, source, scope);
  }
  if (sourceName === undefined)
    throw fail('has a role_arn, and neither source_profile nor credential_source');
  if (followed.includes(sourceName)) throw fail(`leads back to itself by its source_profile`);
  const source = profileSource(sourceName, requireProfile(sourceName, scope), scope, [...followed, name]);
  if (source === undefined) throw fail(`has the source_profile "${sourceName}", which has no credentials`);
  return assumeRoleSource(role, source, scope);
}

/** @throws {LlmConfigurationError} naming the files when neither has the profile */
export function requireProfile(
  name: string,
  { provider, env }: { provider: string; env: Environment },
): Profile {
  const profile = readProfile(name, env);
  if (profile !== undefined) return profile;
  throw new LlmConfigurationError(
    `${provider}: there is no AWS profile "${name}" in ${profilePaths(env).join(' or ')}`,
    { provider },
  );
}

function machineSource(kind: string, { provider, env }: StsScope): CredentialsSource | undefined {
  switch (kind) {
    case 'Environment':
      return environmentSource(env);
    case 'EcsContainer':
      return containerSource(provider, env);
    case 'Ec2InstanceMetadata':
      return instanceSource(provider, env);
    default:
      return undefined;
  }
}

/** The keys that the environment holds itself. */
export function environmentSource(env: Environment): CredentialsSource | undefined {
  const accessKeyId = env['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY'];
  if (!accessKeyId || !secretAccessKey) return undefined;
  const sessionToken = env['AWS_SESSION_TOKEN'] || undefined;
  return () => Promise.resolve({ accessKeyId, secretAccessKey, sessionToken });
}
