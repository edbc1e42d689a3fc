import * as anthropic from './anthropic.js';
import * as bedrock from './bedrock.js';
import * as gemini from './gemini.js';
import * as openai from './openai.js';

/**
 * A wire format, as a user of a bare HTTP client writes and reads it.
 *
 * @typedef {object} Format
 * @property {(row: import('../rows.js').Row) => string} bodyOf
 * @property {(row: import('../rows.js').Row) => Record<string, string>} headersOf
 * @property {new (onChunk: (chunk: object) => void) => { feed(bytes: Buffer): void }} ChunkParser bytes of a stream to
 *   its chunks
 * @property {new (onFirst?: () => void) => import('./text-reading.js').TextReading & { add(chunk: object): void }}
 *   Reading what a consumer of the chunks gets out of them
 * @property {(document: object) => import('../rows.js').Outcome} [ofCompletion] absent: it has no such row
 * @property {(document: object) => import('../rows.js').Outcome} [ofEmbeddings] absent: it has no such row
 */

/** @type {Readonly<Record<string, Format>>} by provider */
export const formats = { openai, anthropic, gemini, bedrock };

/**
 * The operations of a contender that differ only in how a document or a stream of chunks is got.
 *
 * @param {Format} format of the document
 */
export function operations(format, { document, stream }) {
  return {
    chat: async () => format.ofCompletion(await document()),
    embedding: async () => format.ofEmbeddings(await document()),
    stream,
    tools: stream,
  };
}
