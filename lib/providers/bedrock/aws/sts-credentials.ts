import { AuthenticationError } from '../../../errors/errors.js';
import type {
  CredentialsExchange,
  CredentialsRequest,
  Environment,
} from '../../provider-adapter.interface.js';
import { readTime, type AwsCredentials, type CredentialsSource } from './aws-credentials.js';
import { readTokenFile } from './metadata-credentials.js';
import type { AwsClock } from './clock.js';
import { dnsSuffixOf } from './regions.js';
import { signRequest } from './sign-request.js';
import { withoutSlashes } from '../../kit/connection.js';

/** A role to assume, by AWS's Security Token Service. */
export interface AssumedRole {
  readonly arn: string;
  readonly sessionName?: string | undefined;
  readonly externalId?: string | undefined;
  readonly durationSeconds?: string | undefined;
}

/** Where the Security Token Service of a region is, and for whom it is asked. */
export interface StsScope {
  readonly provider: string;
  readonly region: string;
  readonly env: Environment;
  readonly clock: AwsClock;
}

const HEADERS = { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/xml' };

/**
 * A role assumed with the token of an identity provider, such as an EKS service account's.
 *
 * @param variable the setting that names the file, for an error
 * @see {@link https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html}
 */
export function webIdentitySource(
  role: AssumedRole,
  tokenFile: string,
  variable: string,
  scope: StsScope,
): CredentialsSource {
  return async (exchange) => {
    const token = await readTokenFile(scope.provider, variable, tokenFile);
    const body = formOf('AssumeRoleWithWebIdentity', role, { WebIdentityToken: token.trim() });
    return ask(exchange, scope, body, HEADERS);
  };
}

/**
 * A role assumed with other credentials.
 *
 * @see {@link https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html}
 */
export function assumeRoleSource(
  role: AssumedRole,
  source: CredentialsSource,
  scope: StsScope,
): CredentialsSource {
  return async (exchange) => {
    const credentials = await source(exchange);
    const body = formOf('AssumeRole', role, role.externalId && { ExternalId: role.externalId });
    const request = { method: 'POST' as const, url: urlOf(scope), headers: HEADERS, body };
    const { region, clock } = scope;
    let corrected = false;
    const sign = async (): Promise<AwsCredentials> => {
      const signature = await signRequest(request, credentials, { region, service: 'sts' }, clock.now());
      return ask(exchange, scope, body, { ...HEADERS, ...signature }, ({ date }) => {
        corrected = clock.correct(date);
      });
    };
    try {
      return await sign();
    } catch (error) {
      if (!corrected) throw error;
      return sign();
    }
  };
}

function formOf(action: string, role: AssumedRole, more: Record<string, string> | '' | undefined): string {
  return new URLSearchParams({
    Action: action,
    Version: '2011-06-15',
    RoleArn: role.arn,
    RoleSessionName: role.sessionName ?? `nestjs-llm-${Date.now()}`,
    ...(role.durationSeconds && { DurationSeconds: role.durationSeconds }),
    ...more,
  }).toString();
}

function urlOf({ region, env }: StsScope): string {
  const configured = env['AWS_ENDPOINT_URL_STS'];
  return configured ? `${withoutSlashes(configured)}/` : `https://sts.${region}.${dnsSuffixOf(region)}/`;
}

async function ask(
  exchange: CredentialsExchange,
  scope: StsScope,
  body: string,
  headers: Record<string, string>,
  onRefused?: CredentialsRequest['onRefused'],
): Promise<AwsCredentials> {
  const reply = await exchange({ method: 'POST', url: urlOf(scope), headers, body, onRefused });
  const [accessKeyId, secretAccessKey, sessionToken, expiration] = [
    'AccessKeyId',
    'SecretAccessKey',
    'SessionToken',
    'Expiration',
  ].map((name) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(reply.body)?.[1]);
  if (accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined) {
    throw new AuthenticationError(
      `${scope.provider}: the AWS Security Token Service answered with something that holds no credentials`,
      { provider: scope.provider, code: 'credentials_failed' },
    );
  }
  return { accessKeyId, secretAccessKey, sessionToken, expiresAt: readTime(expiration) };
}
