import type { HttpHeaders } from './http-headers.interface.js';

/** The dates of HTTP, and those of ISO 8601, which some servers send; `Date.parse()` makes a date of almost anything. */
const DATE = /^(?:[A-Z][a-z]{2,8},? |\d{4}-\d\d-\d\dT)/;

/**
 * Reads `retry-after-ms`, and `Retry-After` as seconds or as a date.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#field.retry-after}
 * @returns milliseconds, more than 0; `undefined` when the headers ask for no wait, for one that is over, or for nothing
 * that can be read
 */
export function readRetryAfter(headers: Readonly<HttpHeaders>, now: number): number | undefined {
  const ms = wait(Number(headers['retry-after-ms'] ?? NaN), 1);
  if (ms !== undefined) return ms;
  const value = headers['retry-after'];
  if (typeof value !== 'string') return undefined;
  return DATE.test(value) ? wait(Date.parse(value) - now, 1) : wait(Number(value), 1000);
}

/** A number is a wait however long it is: what is too long is for whoever waits to judge. */
function wait(value: number, unit: number): number | undefined {
  return value > 0 && value < Infinity ? Math.min(value * unit, Number.MAX_VALUE) : undefined;
}
