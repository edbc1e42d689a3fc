/** Anthropic's Messages API, streamed. */
import { API_KEY } from '../credentials.js';
import { TextReading } from './text-reading.js';

export { JsonEvents as ChunkParser } from './json-events.js';

export class Reading extends TextReading {
  add(event) {
    if (event.type === 'content_block_delta') {
      if (event.delta.text) this.piece(event.delta.text);
    } else if (event.type === 'message_delta') {
      this.tokens = event.usage.input_tokens + event.usage.output_tokens;
    }
  }
}

export function bodyOf(row) {
  return JSON.stringify({ model: row.model, ...row.request });
}

export function headersOf() {
  return {
    'content-type': 'application/json',
    accept: 'text/event-stream',
    'anthropic-version': '2023-06-01',
    'x-api-key': API_KEY,
  };
}
