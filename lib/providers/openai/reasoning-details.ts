import type { AssistantMessage } from '../../operations/chat/chat-request.interface.js';
import { isFields, type Fields } from '../kit/fields.js';

/** Who makes, and alone can read again, the reasoning of a format: the begin of its models' names. */
const MAKERS: Readonly<Record<string, readonly string[]>> = {
  anthropic: ['anthropic/'],
  google: ['google/'],
  openai: ['openai/'],
  azure: ['openai/'],
  xai: ['x-ai/'],
};

/**
 * OpenRouter's reasoning of an earlier answer, as far as the model that is asked now can read it: a signature or an
 * encrypted text of another maker's is refused.
 *
 * @see {@link https://openrouter.ai/docs/use-cases/reasoning-tokens#preserving-reasoning-blocks}
 */
export function detailsFor(model: string, message: AssistantMessage): Fields[] | undefined {
  const details = (message as { reasoning_details?: unknown }).reasoning_details;
  if (!Array.isArray(details)) return undefined;
  const readable = details.filter(isFields).filter(({ format, signature, data }) => {
    const isBound = Boolean(signature) || Boolean(data);
    const makers = typeof format === 'string' ? MAKERS[format.split('-')[0]!] : undefined;
    return !isBound || makers === undefined || isOf(model, makers);
  });
  return readable.length > 0 ? readable : undefined;
}

/** A name without a maker, or a choice of the gateway's own, says nothing. */
function isOf(model: string, makers: readonly string[]): boolean {
  if (!model.includes('/') || model.startsWith('openrouter/')) return true;
  return makers.some((maker) => model.startsWith(maker));
}
