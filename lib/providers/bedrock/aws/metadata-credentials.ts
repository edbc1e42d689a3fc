import { readFile } from 'node:fs/promises';
import { AuthenticationError, LlmConfigurationError } from '../../../errors/errors.js';
import type { CredentialsReply, Environment } from '../../provider-adapter.interface.js';
import { readCredentialsDocument, type AwsCredentials, type CredentialsSource } from './aws-credentials.js';
import { withoutSlashes } from '../../kit/connection.js';

/** 1 s to connect, as AWS's SDKs have it: the address is on the same machine, or nowhere. */
const METADATA_TIMEOUT = { connect: 1000, firstByte: 5000 };
/** 6 hours, the longest. */
const TOKEN_TTL_SECONDS = '21600';

/** The addresses that a container may ask without TLS, besides loopback ones. */
const CONTAINER_HOSTS = new Set(['169.254.170.2', '169.254.170.23', '[fd00:ec2::23]']);
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * The credentials of an ECS task or an EKS pod.
 *
 * @see {@link https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html}
 * @returns `undefined` outside of such a container
 * @throws {LlmConfigurationError} when the address is one that must not be given the token in the clear
 */
export function containerSource(provider: string, env: Environment): CredentialsSource | undefined {
  const relative = env['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'];
  const full = env['AWS_CONTAINER_CREDENTIALS_FULL_URI'];
  const url = relative ? `http://169.254.170.2${relative}` : full;
  if (!url) return undefined;
  if (!isAllowed(url)) {
    throw new LlmConfigurationError(
      `${provider}: AWS_CONTAINER_CREDENTIALS_FULL_URI has to be an https URL, or one of a loopback, ECS or EKS address`,
      { provider },
    );
  }
  return async (exchange) => {
    const file = env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'];
    const token = file
      ? (await readTokenFile(provider, 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', file)).trim()
      : env['AWS_CONTAINER_AUTHORIZATION_TOKEN'];
    const reply = await exchange({
      method: 'GET',
      url,
      headers: { accept: 'application/json', ...(token && { authorization: token }) },
    });
    return credentialsOf(provider, 'the container credentials service', reply);
  };
}

function isAllowed(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return (
    protocol === 'https:' ||
    (protocol === 'http:' && (LOOPBACK.test(hostname) || CONTAINER_HOSTS.has(hostname)))
  );
}

/**
 * The credentials of an EC2 instance's role, by version 2 of the metadata service.
 *
 * @see {@link https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html}
 * @returns `undefined` where the environment switches it off
 */
export function instanceSource(provider: string, env: Environment): CredentialsSource | undefined {
  if (env['AWS_EC2_METADATA_DISABLED']?.toLowerCase() === 'true') return undefined;
  const ipv6 = env['AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE']?.toLowerCase() === 'ipv6';
  const endpoint =
    env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] || (ipv6 ? 'http://[fd00:ec2::254]' : 'http://169.254.169.254');
  const base = `${withoutSlashes(endpoint)}/latest`;
  const limits = { timeout: METADATA_TIMEOUT, retry: { maxRetries: 0 } };
  return async (exchange) => {
    const token = await exchange({
      method: 'PUT',
      url: `${base}/api/token`,
      headers: { 'x-aws-ec2-metadata-token-ttl-seconds': TOKEN_TTL_SECONDS },
      ...limits,
    });
    const headers = { 'x-aws-ec2-metadata-token': token.body };
    const roles = `${base}/meta-data/iam/security-credentials/`;
    const role = await exchange({ method: 'GET', url: roles, headers, ...limits });
    const url = roles + encodeURIComponent(role.body.split('\n', 1)[0]!.trim());
    const reply = await exchange({ method: 'GET', url, headers, ...limits });
    return credentialsOf(provider, 'the EC2 metadata service', reply);
  };
}

function credentialsOf(provider: string, service: string, { body }: CredentialsReply): AwsCredentials {
  const credentials = readCredentialsDocument(body);
  if (credentials !== undefined) return credentials;
  throw new AuthenticationError(`${provider}: ${service} answered with something that holds no credentials`, {
    provider,
    code: 'credentials_failed',
  });
}

/** @throws {LlmConfigurationError} naming the variable when the file cannot be read */
export async function readTokenFile(provider: string, variable: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new LlmConfigurationError(`${provider}: the file that ${variable} names cannot be read`, {
      provider,
      cause: error,
    });
  }
}
