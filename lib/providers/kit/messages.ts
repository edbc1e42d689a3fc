import type { ChatMessage, ChatRequest } from '../../operations/chat/chat-request.interface.js';

const PERCENT = 0x25;

/** What may be done about a URL where the provider fetches none. */
export const BYTES_ONLY =
  "send the bytes as a data: URL, or have them fetched for it (media.fetch in the module's options)";

/** A `data:` URL, taken apart. */
export interface InlineData {
  readonly mediaType: string;
  /** Base64. */
  readonly data: string;
}

/** @returns the media type and the base64 data of a `data:` URL; `undefined` for any other URL */
export function readDataUrl(url: string): InlineData | undefined {
  const comma = url.indexOf(',');
  if (comma === -1 || !/^data:/i.test(url)) return undefined;
  const [mediaType = '', ...parameters] = url.slice('data:'.length, comma).split(';');
  if (mediaType === '') return undefined;
  const data = url.slice(comma + 1);
  const isBase64 = parameters.at(-1)?.toLowerCase() === 'base64';
  return {
    mediaType: mediaType.toLowerCase(),
    data: isBase64 ? data : percentDecode(data).toString('base64'),
  };
}

/**
 * The bytes of a percent-encoded text, in which a `%` without two digits is itself.
 *
 * @see {@link https://url.spec.whatwg.org/#string-percent-decode}
 */
function percentDecode(text: string): Buffer {
  const bytes = Buffer.from(text);
  let end = 0;
  for (let at = 0; at < bytes.length; at++) {
    let byte = bytes[at]!;
    if (byte === PERCENT) {
      const digits = bytes.toString('latin1', at + 1, at + 3);
      if (/^[\da-f]{2}$/i.test(digits)) {
        byte = parseInt(digits, 16);
        at += 2;
      }
    }
    bytes[end++] = byte;
  }
  return bytes.subarray(0, end);
}

/** The text of a message's content; other parts are passed over. */
export function textOf(content: ChatMessage['content']): string {
  if (typeof content === 'string') return content;
  let text = '';
  for (const part of content ?? []) if (part.type === 'text') text += part.text;
  return text;
}

/** The name of the function that each tool call of the conversation called, by the call's id. */
export function toolNamesById(messages: readonly ChatMessage[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const message of messages) {
    if (message.role !== 'assistant') continue;
    for (const call of message.tool_calls ?? []) {
      names.set(call.id, call.type === 'function' ? call.function.name : call.custom.name);
    }
  }
  return names;
}

/** Whether a text says nothing: several providers refuse one of blanks only. */
export function isBlank(text: string): boolean {
  return text.trim() === '';
}

/** The stop sequences of a request that are more than blanks, which Claude's hosts refuse. */
export function stopSequencesOf({ stop }: Pick<ChatRequest, 'stop'>): string[] {
  return (typeof stop === 'string' ? [stop] : (stop ?? [])).filter((text) => !isBlank(text));
}

/**
 * What the user says where a provider wants to hear the user first and the conversation begins with an answer: LiteLLM's
 * `DEFAULT_USER_CONTINUE_MESSAGE`.
 */
export const CONTINUE_TEXT = 'Please continue.';
