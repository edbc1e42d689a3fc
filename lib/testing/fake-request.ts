import type { HttpDispatchOptions } from '../index.js';
import { STAND_IN_PROVIDER_HEADER } from '../index.js';
import { wireOf } from './wires/index.js';
import type { FakeOperation, Wire, WireBody, WireName } from './wires/wire.interface.js';

/**
 * A request as a {@link FakeHttpSession} got it: plain data, for any runner's assertions.
 *
 * @publicApi
 */
export interface FakeRequest {
  readonly method: string;
  readonly origin: string;
  /** With the query; what is a credential there is `***`. */
  readonly path: string;
  /** Without the values of credentials, which are `***`. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body, parsed where it is JSON. `undefined` without one. */
  // oxlint-disable-next-line typescript/no-explicit-any -- each provider's own, for a test to look into
  readonly body: any;
  /** The wire format, told by the path. `undefined` of one that no built-in provider has. */
  readonly wire: WireName | undefined;
  readonly operation: FakeOperation | undefined;
  /** The prefix of the model. `undefined` of a request that another library sent. */
  readonly provider: string | undefined;
  /** The model as the request names it to its provider. */
  readonly model: string | undefined;
  readonly stream: boolean;
  /** Whether the caller gave it up. */
  aborted: boolean;
}

const MASK = '***';
const CREDENTIAL_NAME =
  /auth|api-?key|access-?key|^key$|token|secret|passw|credential|cookie|signature|^sig$|session/i;
/** Names that sound so, and are none. */
const PLAIN = new Set(['idempotency-key', 'x-snowflake-authorization-token-type']);

const isCredential = (name: string): boolean => CREDENTIAL_NAME.test(name) && !PLAIN.has(name.toLowerCase());

/** @returns the request, and the format that an answer has to be in */
export function readRequest(sent: HttpDispatchOptions): { request: FakeRequest; wire: Wire | undefined } {
  const { method, origin } = sent;
  const body = bodyOf(sent.body) as WireBody | undefined;
  const pathname = sent.path.split('?', 1)[0]!;
  const named = { method, pathname, body };
  const wire = wireOf(named);
  const request: FakeRequest = {
    method,
    origin,
    path: maskQuery(sent.path),
    headers: maskHeaders(sent.headers),
    body,
    wire: wire?.name,
    operation: wire?.operation,
    provider: sent.headers[STAND_IN_PROVIDER_HEADER],
    model: wire?.model(named),
    stream: wire?.isStream(named) ?? false,
    aborted: false,
  };
  return { request, wire };
}

function bodyOf(sent: string | Buffer | null): unknown {
  if (sent === null || sent === undefined || sent.length === 0) return undefined;
  const text = String(sent);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function maskHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name !== STAND_IN_PROVIDER_HEADER)
      .map(([name, value]) => [name, isCredential(name) ? MASK : value]),
  );
}

function maskQuery(path: string): string {
  return path.replace(/([?&])([^?=&]+)=[^&]*/g, (whole, start: string, name: string) =>
    isCredential(name) ? `${start}${name}=${MASK}` : whole,
  );
}
