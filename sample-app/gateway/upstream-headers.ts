import type { ResultMeta } from '../../lib/index.js';

/** What Express's and Fastify's responses have in common. */
export interface HeaderWriter {
  header(name: string, value: string): unknown;
}

/**
 * Passes on what a client of OpenAI's API reads from the headers: the id that the provider's support asks for, and
 * what is left of the rate limits.
 */
export function passUpstreamHeaders({ requestId, rateLimit }: ResultMeta, response: HeaderWriter): void {
  if (requestId !== undefined) response.header('x-request-id', requestId);
  for (const [name, value] of Object.entries(rateLimit)) response.header(name, value);
}
