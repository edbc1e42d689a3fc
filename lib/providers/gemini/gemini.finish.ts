import type { FinishReason } from '../../operations/chat/chat-completion.interface.js';

/**
 * Translates a candidate's finish reason. OpenAI has no word for a model that broke off by itself
 * (`MALFORMED_FUNCTION_CALL`, `OTHER`, reasons yet unknown): such an answer is not whole, which only `length` and
 * `content_filter` say, so it is the latter, and the native reason stands in the message's `provider_specific_fields`.
 *
 * @param reason absent where the provider's default, "unspecified", is left out
 * @see {@link https://ai.google.dev/api/generate-content#FinishReason}
 */
export function toFinishReason(reason: string | undefined, hasToolCalls: boolean): FinishReason {
  switch (reason) {
    case undefined:
    case 'STOP':
    case 'FINISH_REASON_UNSPECIFIED':
      return hasToolCalls ? 'tool_calls' : 'stop';
    case 'MAX_TOKENS':
      return 'length';
    default:
      return 'content_filter';
  }
}
