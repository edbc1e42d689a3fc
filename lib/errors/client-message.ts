import {
  APIConnectionError,
  APIResponseValidationError,
  APITimeoutError,
  APIUserAbortError,
  AuthenticationError,
  InternalServerError,
  LlmConfigurationError,
  PermissionDeniedError,
  QueueFullError,
  RateLimitError,
  SessionClosedError,
  StreamInterruptedError,
} from './errors.js';
import type { LlmError } from './llm.error.js';

type ErrorClass = abstract new (...args: never[]) => LlmError;

/** What a client can do nothing about is told without its details. A subclass stands before its base. */
const GENERAL: readonly (readonly [ErrorClass, string])[] = [
  [AuthenticationError, "the provider did not accept this server's credentials"],
  [PermissionDeniedError, 'the provider does not let this server use the model'],
  [RateLimitError, 'the provider takes no more requests for now; try again later'],
  [InternalServerError, 'the provider failed; try again later'],
  [APIResponseValidationError, 'the provider gave an answer that cannot be read'],
  [QueueFullError, 'too many requests are waiting for the model; try again later'],
  [APITimeoutError, 'the model did not answer in time'],
  [StreamInterruptedError, 'the answer broke off before its end'],
  [SessionClosedError, 'the service takes no more requests'],
  [APIConnectionError, 'the provider could not be reached'],
  [APIUserAbortError, 'the request was aborted'],
  [LlmConfigurationError, 'the service is not set up for this request'],
];

/** Characters of what a provider said of a request that are passed on. */
const MAX_LENGTH = 1_000;

/** Where it happened, as the messages of answers from the wire begin. */
const PLACE = /^[^\s(]{1,100} \([^)]{1,300}\) (?:answered \d+|ended its stream with an error): /;

/** URLs, names and addresses with a port, addresses: every quantifier is bounded, for the text is foreign. */
const ADDRESSES = [
  /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s"'<>)]+/gi,
  /\[[0-9a-f:.]{2,45}\](?::\d{1,5})?/gi,
  /\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b/g,
  /\b(?:localhost|[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}):\d{1,5}\b/gi,
  /\b[a-z][a-z0-9-]{0,62}:\d{4,5}\b/gi,
];

/**
 * What an error says to a client of the application, who is not to learn which hosts it talks to or how it is set up:
 * a general sentence, or what is wrong with the client's own request, without addresses.
 */
export function clientMessageOf(error: LlmError): string {
  const from = error.provider === undefined ? '' : `${error.provider}: `;
  const general = GENERAL.find(([type]) => error instanceof type);
  if (general !== undefined) return from + general[1];
  const { status } = error;
  if (status !== undefined && (status < 400 || status > 499)) return `${from}the request failed`;
  const said = error.message.slice(0, 2 * MAX_LENGTH).replace(PLACE, from);
  const clean = ADDRESSES.reduce((text, address) => text.replace(address, '[address]'), said);
  return clean.length > MAX_LENGTH ? `${clean.slice(0, MAX_LENGTH)}…` : clean;
}
