import { anthropicRows } from './wire/anthropic.js';
import { bedrockRows } from './wire/bedrock.js';
import { geminiRows } from './wire/gemini.js';
import { openaiRows } from './wire/openai.js';

/**
 * What is asked of a contender: one request, the bytes that the upstream answers with, and what must come out.
 *
 * @typedef {object} Row
 * @property {string} id first segment of its path at the upstream
 * @property {string} title
 * @property {'chat' | 'stream' | 'tools' | 'embedding'} operation what a contender does for it
 * @property {string} provider whose wire format it is
 * @property {string} model the model's name at the provider
 * @property {string} prefix path between the row's and the operation's, as this package has it in the base URL
 * @property {string} path path of the operation, with its query
 * @property {object} request body of the request in the provider's own format, without `model`
 * @property {object} [openaiRequest] the same in OpenAI's; absent: `request` is in it
 * @property {Reply} reply
 * @property {Outcome} expected
 * @property {'call' | 'chunk'} unit what its cost is told for
 * @property {Record<number, number>} calls measured calls by how many run in parallel
 * @property {number} [warmUp] calls before the first measured one, where the compiler needs more than three times those
 *   at 32 in parallel
 *
 * @typedef {object} Reply
 * @property {string} type content type
 * @property {Buffer[]} pieces the body; a single piece has a content length, several are an HTTP chunk each
 * @property {number} [everyMs] milliseconds between pieces; absent: all at once
 * @property {boolean} [hold] send the first two pieces and leave the body open
 *
 * @typedef {object} Outcome
 * @property {string} text the text, the tool's arguments, or a digest of the vectors
 * @property {number} pieces how many pieces with content the consumer was handed
 * @property {number} tokens total tokens of the usage
 */

/** @type {readonly Row[]} */
export const rows = [...openaiRows, ...anthropicRows, ...geminiRows, ...bedrockRows];

/** Rows of the table; the others are for a measure of their own. */
export const tableRows = rows.filter(({ id }) => !/^(first-token|hold|stream-\d+)$/.test(id));

/** @param {string} id */
export function rowOf(id) {
  const row = rows.find((candidate) => candidate.id === id);
  if (row === undefined) throw new Error(`no row "${id}"; known are ${rows.map((one) => one.id).join(', ')}`);
  return row;
}
