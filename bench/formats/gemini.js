/** Gemini's streamGenerateContent, as server-sent events. */
import { API_KEY } from '../credentials.js';
import { TextReading } from './text-reading.js';

export { JsonEvents as ChunkParser } from './json-events.js';

export class Reading extends TextReading {
  add({ candidates, usageMetadata }) {
    // Of all until this event; the last one's counts.
    if (usageMetadata) this.tokens = usageMetadata.totalTokenCount;
    const text = candidates?.[0]?.content?.parts?.[0]?.text;
    if (text) this.piece(text);
  }
}

export function bodyOf(row) {
  return JSON.stringify(row.request);
}

export function headersOf() {
  return { 'content-type': 'application/json', accept: 'text/event-stream', 'x-goog-api-key': API_KEY };
}
