import type { ProviderSpecificFields } from '../../operations/chat/chat-request.interface.js';
import type { GeminiPart } from './gemini.wire.js';

/** A stretch of an answer: text of so many UTF-16 units, the next of the further parts, or the next call. */
export type GeminiStretch = { readonly text: number; readonly thoughtSignature?: string } | 'part' | 'call';

/** What Gemini knows of a message that OpenAI's shape has no field for: under its prefix in `provider_specific_fields`. */
export interface GeminiMessageFields {
  /** Signatures of the parts with text, in their order. */
  thoughtSignatures?: string[];
  /** Parts that are neither text nor a call of the caller's functions: code that was run, images, the provider's own tools. */
  parts?: GeminiPart[];
  /** How texts, further parts and calls followed on each other, where it is not that order. */
  order?: readonly GeminiStretch[];
}

export interface GeminiToolCallFields {
  thoughtSignature?: string;
  /** The provider's own id of the call: it has one only on some models. */
  id?: string;
}

/** The two prefixes of the same models: a conversation may go on at the other one. */
const PREFIXES = ['gemini', 'vertex_ai'];

/** What an earlier answer of Gemini left in a message or a tool call, and which of the two endpoints made it. */
export interface Native<Fields> {
  readonly maker: string | undefined;
  readonly fields: Partial<Fields>;
}

export function readNative<Fields extends object>(
  specifics: ProviderSpecificFields | undefined,
): Native<Fields> {
  for (const maker of PREFIXES) {
    const fields = specifics?.[maker];
    if (typeof fields === 'object' && fields !== null) return { maker, fields };
  }
  return { maker: undefined, fields: {} };
}

/**
 * The signature of a call that was stored without its endpoint, as LiteLLM stores it.
 *
 * @see {@link https://docs.litellm.ai/docs/providers/gemini} "thought signatures"
 */
export function unmarkedSignature(specifics: ProviderSpecificFields | undefined): string | undefined {
  const signature = specifics?.['thought_signature'];
  return typeof signature === 'string' && signature !== '' ? signature : undefined;
}
