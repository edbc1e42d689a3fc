import type { ChatMessage, ChatRequest } from '../../operations/chat/chat-request.interface.js';

/** A `data:` URL, taken apart. */
export interface InlineData {
  readonly mediaType: string;
  /** Base64. */
  readonly data: string;
}

/** @returns the media type and the base64 data of a `data:` URL; `undefined` for any other URL */
export function readDataUrl(url: string): InlineData | undefined {
  const match = /^data:([^;,]+)(?:;[^;,]*)*?(;base64)?,(.*)$/is.exec(url);
  if (match === null) return undefined;
  const [, mediaType, base64, data] = match as unknown as [string, string, string | undefined, string];
  return {
    mediaType: mediaType.toLowerCase(),
    data: base64 === undefined ? Buffer.from(decodeURIComponent(data)).toString('base64') : data,
  };
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
