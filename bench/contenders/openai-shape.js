/** Reads OpenAI's shape, for the contenders that hand out what the API sends. */
import { StringDecoder } from 'node:string_decoder';
import { createParser } from 'eventsource-parser';
import { digest } from '../wire/openai.js';

export const API_KEY = 'sk-0123456789abcdef0123456789abcdef';

/** @returns {import('../rows.js').Outcome} */
export function ofCompletion({ choices, usage }) {
  return { text: choices[0].message.content, pieces: 1, tokens: usage.total_tokens };
}

/** @returns {import('../rows.js').Outcome} */
export function ofEmbeddings({ data, usage }) {
  return {
    text: digest(data.map((item) => item.embedding)),
    pieces: data.length,
    tokens: usage.total_tokens,
  };
}

/** Adds chunks up, as a consumer does that shows the text. */
export class Reading {
  text = '';
  pieces = 0;
  tokens = 0;

  constructor(onFirst) {
    this.onFirst = onFirst;
  }

  add(chunk) {
    if (chunk.usage) this.tokens = chunk.usage.total_tokens;
    const delta = chunk.choices[0]?.delta;
    if (delta === undefined) return;
    const piece = delta.content ?? delta.tool_calls?.[0].function.arguments;
    if (piece) this.piece(piece);
  }

  piece(text) {
    if (this.pieces++ === 0) this.onFirst?.();
    this.text += text;
  }

  outcome() {
    const { text, pieces, tokens } = this;
    return { text, pieces, tokens };
  }
}

/** Bytes of an event stream to parsed chunks: what a user of bare undici writes. */
export class ChunkParser {
  decoder = new StringDecoder('utf8');

  constructor(onChunk) {
    this.parser = createParser({
      onEvent({ data }) {
        if (data !== '[DONE]') onChunk(JSON.parse(data));
      },
    });
  }

  feed(bytes) {
    this.parser.feed(this.decoder.write(bytes));
  }
}

/** @param {import('../rows.js').Row} row */
export function bodyOf(row) {
  return JSON.stringify({ model: row.model, ...row.request });
}

/** @param {import('../rows.js').Row} row */
export function headersOf(row) {
  return {
    'content-type': 'application/json',
    accept: row.request.stream === true ? 'text/event-stream' : 'application/json',
    authorization: `Bearer ${API_KEY}`,
  };
}

/** The operations of a contender that differ only in how a document or a stream of chunks is got. */
export function operations({ document, stream }) {
  return {
    chat: async () => ofCompletion(await document()),
    embedding: async () => ofEmbeddings(await document()),
    stream,
    tools: stream,
  };
}
