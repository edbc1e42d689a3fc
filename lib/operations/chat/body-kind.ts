import type { HttpHeaders } from '../../transport/session/http-session.interface.js';
import type { WireFraming } from '../../wire/wire-decoder.interface.js';

/** What a body turned out to be, whatever was asked for. */
export type BodyKind = 'document' | 'events';

/** How a line of an event stream begins: a comment, or one of the four fields. */
const SSE_LINE = /^(?::|data|event|id|retry)/;

const BRACE = 0x7b;

/** Of the label of a body: a document, or events. Anything else says neither. */
export function labelledKind({ 'content-type': type }: HttpHeaders): BodyKind | undefined {
  if (typeof type !== 'string') return undefined;
  if (/^\s*(?:application\/json|text\/html)\b/i.test(type)) return 'document';
  return /^\s*(?:text\/event-stream|application\/(?:x-ndjson|vnd\.amazon\.eventstream))\b/i.test(type)
    ? 'events'
    : undefined;
}

/**
 * What a body's first bytes say, which gateways label wrongly.
 *
 * @returns `undefined` while there are none but blanks
 */
export function kindOf(
  bytes: Buffer,
  framing: WireFraming,
  labelled: BodyKind | undefined,
): BodyKind | undefined {
  // As most documents begin.
  if (bytes[0] === BRACE && framing === 'sse') return 'document';
  // Blanks and a byte order mark come before the first line; four letters tell the fields apart.
  const text = bytes.toString('utf8', 0, 256).replace(/^[\s\uFEFF]+/, '');
  if (text === '') return bytes.length < 256 ? undefined : (labelled ?? 'events');
  if (framing === 'ndjson' || (framing === 'aws-event-stream' && labelled === 'events')) {
    return labelled ?? 'events';
  }
  if (/^[{[]/.test(text)) return 'document';
  if (labelled !== 'document') return 'events';
  return framing === 'sse' && SSE_LINE.test(text) ? 'events' : 'document';
}
