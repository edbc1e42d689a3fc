import type { HttpDispatchOptions } from '../index.js';
import { STAND_IN_PROVIDER_HEADER } from '../index.js';
import { wireOf } from './wires/index.js';
import type { FakeRequest } from './fake-request.interface.js';
import type { Wire, WireBody } from './wires/wire.interface.js';

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
