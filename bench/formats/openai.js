/** OpenAI's chat completions and embeddings; also what this package gives for every provider. */
import { API_KEY } from '../credentials.js';
import { digest } from '../wire/openai.js';
import { TextReading } from './text-reading.js';

export { JsonEvents as ChunkParser } from './json-events.js';

export class Reading extends TextReading {
  add(chunk) {
    if (chunk.usage) this.tokens = chunk.usage.total_tokens;
    const delta = chunk.choices[0]?.delta;
    if (delta === undefined) return;
    const piece = delta.content ?? delta.tool_calls?.[0].function.arguments;
    if (piece) this.piece(piece);
  }
}

export function ofCompletion({ choices, usage }) {
  return { text: choices[0].message.content, pieces: 1, tokens: usage.total_tokens };
}

export function ofEmbeddings({ data, usage }) {
  return {
    text: digest(data.map((item) => item.embedding)),
    pieces: data.length,
    tokens: usage.total_tokens,
  };
}

export function bodyOf(row) {
  return JSON.stringify({ model: row.model, ...row.request });
}

export function headersOf(row) {
  return {
    'content-type': 'application/json',
    accept: row.request.stream === true ? 'text/event-stream' : 'application/json',
    authorization: `Bearer ${API_KEY}`,
  };
}
