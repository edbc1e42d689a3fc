import { inspect, types } from 'node:util';

const MASK = '[REDACTED]';

/** What sounds like a credential: of headers, of query parameters, of form fields and of options. */
const CREDENTIAL_NAME =
  /auth|key|token|secret|passw|passphrase|credential|cookie|assertion|signature|session|jwt|bearer/i;

/** Headers whose values are no secret: those of HTTP and of the providers that errors speak of by their values. */
const PLAIN_HEADERS = new Set([
  'accept',
  'accept-encoding',
  'anthropic-beta',
  'anthropic-version',
  'content-length',
  'content-type',
  'host',
  'http-referer',
  'metadata-flavor',
  'openai-beta',
  'openai-organization',
  'openai-project',
  'referer',
  'user-agent',
  'x-amz-date',
  'x-goog-user-project',
  'x-nestjs-llm-provider',
  'x-title',
]);

/** Characters from which a value counts as one: a shorter one is part of ordinary words. */
const MIN_LENGTH = 4;
/** The same, of a header whose name does not sound like a credential: `x-env: prod`. */
const MIN_LENGTH_OF_UNKNOWN = 6;
/** The same, of one of several values in a header, and of a line of a PEM. */
const MIN_LENGTH_OF_PART = 16;

/** Credentials that a call depends on and that its own headers do not show; asked for when something failed. */
export type HeldSecrets = () => Iterable<string>;

/** Of sessions, whose credentials no call knows; the latest, for they may be made anew again and again. */
const ofSessions = new Set<string>();
const MAX_OF_SESSIONS = 100;

/** Has `secret` shown nowhere, such as a proxy's password: it goes along with requests that do not name it. */
export function keepSecret(secret: string): void {
  ofSessions.delete(secret);
  ofSessions.add(secret);
  if (ofSessions.size > MAX_OF_SESSIONS) ofSessions.delete([...ofSessions][0]!);
}

/**
 * All that must not be shown of a call: the values of its headers, with and without their scheme, and what is `held`
 * besides. Gateways have names of their own for theirs, so every header counts that is not known to be none.
 *
 * @returns the longest first, in the forms in which they may be repeated
 * @publicApi
 */
export function secretsOf(headers: Readonly<Record<string, string>>, held?: HeldSecrets): string[] {
  const secrets = new Set<string>();
  for (const name in headers) {
    if (PLAIN_HEADERS.has(name)) continue;
    const value = headers[name]!;
    const known = CREDENTIAL_NAME.test(name);
    if (value.length >= (known ? MIN_LENGTH : MIN_LENGTH_OF_UNKNOWN)) addHeader(secrets, name, value);
  }
  for (const secret of held?.() ?? []) addForms(secrets, secret);
  for (const secret of ofSessions) addForms(secrets, secret);
  return [...secrets].sort((one, other) => other.length - one.length);
}

function addHeader(secrets: Set<string>, name: string, value: string): void {
  addForms(secrets, value);
  const space = value.indexOf(' ');
  const bare = space === -1 ? value : value.slice(space + 1);
  addForms(secrets, bare);
  // `Basic` has a password in it, a signature and cookies are lists.
  if (/^basic /i.test(value)) addForms(secrets, Buffer.from(bare, 'base64').toString().split(':')[1] ?? '');
  const least = name === 'cookie' ? MIN_LENGTH : MIN_LENGTH_OF_PART;
  for (const part of value.split(/[\s,;]+/)) {
    const equals = part.indexOf('=');
    if (equals !== -1 && part.length - equals > least) addForms(secrets, part.slice(equals + 1));
  }
}

/** As it is, and as JSON, a URL and a form have it; of a PEM, which may be printed in another layout, each line. */
function addForms(secrets: Set<string>, secret: string): void {
  if (secret.length < MIN_LENGTH) return;
  secrets.add(secret);
  secrets.add(JSON.stringify(secret).slice(1, -1));
  const inForm = new URLSearchParams([['', secret]]).toString().slice(1);
  secrets.add(inForm).add(inForm.replaceAll('+', '%20'));
  const lines = secret.split(/\r?\n|\\n/);
  if (lines.length === 1) return;
  for (const line of lines) {
    if (line.length >= MIN_LENGTH_OF_PART && !line.startsWith('-----')) addForms(secrets, line);
  }
}

/** The values in the query of a URL, or in a form, whose names sound like credentials. */
export function credentialsInQuery(query: string): string[] {
  return [...new URLSearchParams(query)].flatMap(([name, value]) =>
    CREDENTIAL_NAME.test(name) ? [value] : [],
  );
}

/** The texts in options, or in a document, whose names sound like credentials. Addresses are none. */
export function credentialsIn(value: unknown, depth = 4): string[] {
  if (typeof value !== 'object' || value === null || depth === 0) return [];
  return Object.entries(value).flatMap(([name, one]: [string, unknown]) => {
    if (typeof one !== 'string') return credentialsIn(one, depth - 1);
    return CREDENTIAL_NAME.test(name) && !/^https?:\/\//.test(one) ? [one] : [];
  });
}

/** A name and its value, as JSON, a form, a header or XML has them. Bounded: the text is somebody else's. */
const NAMED_VALUE = /(?<![\w-])([\w-]{1,64})["']?[ \t]{0,4}[:=>][ \t]{0,4}["']?([^\s"'&,;<>]+)/g;

/** The values in any text, such as the answer of a token endpoint, whose names sound like credentials. */
export function credentialsInText(text: string): string[] {
  return [...text.matchAll(NAMED_VALUE)].flatMap(([, name, value]) =>
    CREDENTIAL_NAME.test(name!) ? [value!] : [],
  );
}

export function redact(text: string, secrets: readonly string[]): string {
  for (const secret of secrets) text = text.replaceAll(secret, MASK);
  return text;
}

/** Node's own errors are of another realm where modules run in one of their own, as under Jest. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

/** What was thrown, as an error: interceptors and adapters of others throw anything. */
export function toError(thrown: unknown): Error {
  if (isError(thrown)) return thrown;
  return new Error(typeof thrown === 'string' ? thrown : `${inspect(thrown, { depth: 1 })} was thrown`);
}

/** How many errors of a chain are kept: one may be its own cause. */
const MAX_CAUSES = 8;

/** `error` itself, or a copy of its name, code and message without the secrets when anything in it holds one. */
export function redactCause(error: unknown, secrets: readonly string[], depth = MAX_CAUSES): unknown {
  if (typeof error === 'string') return redact(error, secrets);
  if (!isError(error) || depth === 0) return undefined;
  // Errors carry requests and responses about as fields: what a log would print of them counts.
  const printed = inspect(error, { depth: 6, maxStringLength: Infinity, maxArrayLength: Infinity });
  if (!secrets.some((secret) => printed.includes(secret))) return error;
  const copy = new Error(redact(error.message, secrets), {
    cause: redactCause(error.cause, secrets, depth - 1),
  });
  copy.name = error.name;
  copy.stack = redact(error.stack ?? '', secrets);
  return Object.assign(copy, { code: (error as { code?: unknown }).code });
}
