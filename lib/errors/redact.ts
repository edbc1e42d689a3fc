import { inspect, types } from 'node:util';

const MASK = '[REDACTED]';

/** Gateways have their own names for theirs (`helicone-auth`, `cf-access-client-secret`), so any that sounds like one. */
const CREDENTIAL_HEADER = /auth|key|token|secret|password|credential|cookie/i;

/** Values of the headers that carry credentials, with and without their scheme. */
export function credentialsOf(headers: Readonly<Record<string, string>>): string[] {
  const secrets: string[] = [];
  for (const name in headers) {
    if (!CREDENTIAL_HEADER.test(name)) continue;
    const value = headers[name]!;
    const space = value.indexOf(' ');
    // The bare token comes second, so that `Bearer token` is masked whole first.
    secrets.push(value);
    if (space !== -1) secrets.push(value.slice(space + 1));
  }
  return secrets.filter((secret) => secret.length > 3);
}

export function redact(text: string, secrets: readonly string[]): string {
  for (const secret of secrets) text = text.replaceAll(secret, MASK);
  return text;
}

/** Node's own errors are of another realm where modules run in one of their own, as under Jest. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

/** `error` itself, or a copy of its name, code and message without the secrets when anything in it holds one. */
export function redactCause(error: unknown, secrets: readonly string[]): unknown {
  if (typeof error === 'string') return redact(error, secrets);
  if (!isError(error)) return undefined;
  // Errors carry requests and responses about as fields: what a log would print of them counts.
  const printed = inspect(error, { depth: 6, maxStringLength: Infinity, maxArrayLength: Infinity });
  if (!secrets.some((secret) => printed.includes(secret))) return error;
  const copy = new Error(redact(error.message, secrets), { cause: redactCause(error.cause, secrets) });
  copy.name = error.name;
  copy.stack = redact(error.stack ?? '', secrets);
  return Object.assign(copy, { code: (error as { code?: unknown }).code });
}
