import type {
  AssistantMessage,
  ProviderSpecificFields,
} from '../../operations/chat/chat-request.interface.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import { isFields } from './fields.js';

/**
 * Where reasoning comes from that only its maker can read again: who made it, with which model, and where. Thinking blocks
 * without an origin are Claude's, whose form they have.
 */
export interface ReasoningOrigin {
  readonly provider: string;
  /** The model's name at the provider, as it was asked for. */
  readonly model: string;
  /** Host of the endpoint, where the provider's name alone does not say who can read it. */
  readonly endpoint?: string;
}

/** Key under `provider_specific_fields`, beside those of the providers. */
const ORIGIN = 'origin';

/** The mark for a message, or a stream's last piece of one, whose reasoning is signed or encrypted. */
export function originFields({ provider, model }: FormatContext, endpoint?: string): ProviderSpecificFields {
  const origin: ReasoningOrigin = { provider, model, ...(endpoint !== undefined && { endpoint }) };
  return { [ORIGIN]: origin };
}

/** @returns `undefined` for a message whose origin is not known: written by hand, or stored by another library */
export function originOf({
  provider_specific_fields: fields,
}: AssistantMessage): ReasoningOrigin | undefined {
  const origin = fields?.[ORIGIN];
  if (!isFields(origin)) return undefined;
  const { provider, model, endpoint } = origin;
  if (typeof provider !== 'string' || typeof model !== 'string') return undefined;
  return { provider, model, ...(typeof endpoint === 'string' && { endpoint }) };
}
