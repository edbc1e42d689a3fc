import type { ProviderSpecificFields } from '../../operations/chat/chat-request.interface.js';
import type { GeminiPart } from './gemini.wire.js';

/** What Gemini knows of a message that OpenAI's shape has no field for: under its prefix in `provider_specific_fields`. */
export interface GeminiMessageFields {
  /** Signatures of the parts with text, in their order. */
  thoughtSignatures?: string[];
  /** Parts that are neither text nor a call of the caller's functions: code that was run, images, the provider's own tools. */
  parts?: GeminiPart[];
}

export interface GeminiToolCallFields {
  thoughtSignature?: string;
  /** The provider's own id of the call: it has one only on some models. */
  id?: string;
}

/** The two prefixes of the same models: a conversation may go on at the other one. */
const PREFIXES = ['gemini', 'vertex_ai'];

/** @returns what an earlier answer of Gemini left in a message or a tool call */
export function readNative<Fields extends object>(
  fields: ProviderSpecificFields | undefined,
): Partial<Fields> {
  for (const prefix of PREFIXES) {
    const native = fields?.[prefix];
    if (typeof native === 'object' && native !== null) return native;
  }
  return {};
}
