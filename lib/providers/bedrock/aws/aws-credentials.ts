import type { CredentialsExchange } from '../../provider-adapter.interface.js';

/** What a request to AWS is signed with. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** Milliseconds since 1970; absent for credentials that do not expire. */
  readonly expiresAt?: number | undefined;
}

/** Gives credentials: from memory, from a file, or from a service over the call's own session. */
export type CredentialsSource = (exchange: CredentialsExchange) => Promise<AwsCredentials>;

/** Reads what the container and the EC2 metadata services answer, and what nothing else does. */
export function readCredentialsDocument(text: string): AwsCredentials | undefined {
  let document: Record<string, unknown> | null;
  try {
    document = JSON.parse(text) as Record<string, unknown> | null;
  } catch {
    return undefined;
  }
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = document ?? {};
  if (typeof AccessKeyId !== 'string' || typeof SecretAccessKey !== 'string') return undefined;
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: typeof Token === 'string' ? Token : undefined,
    expiresAt: readTime(Expiration),
  };
}

/** @returns milliseconds since 1970 of an ISO 8601 time; `undefined` for anything else */
export function readTime(value: unknown): number | undefined {
  const time = typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isNaN(time) ? undefined : time;
}
