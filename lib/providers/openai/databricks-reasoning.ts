import type { AssistantMessage } from '../../operations/chat/chat-request.interface.js';
import { claudeThinkingOf, isClaude } from '../kit/families/claude.js';
import type { FormatContext } from '../provider-adapter.interface.js';

/**
 * The signed thinking of a Claude, in the form in which Databricks gives it. It refuses Anthropic's own: "thinking_blocks:
 * Extra inputs are not permitted".
 *
 * @see {@link https://github.com/BerriAI/litellm/issues/36931}
 */
export function databricksReasoning(message: AssistantMessage, context: FormatContext): readonly object[] {
  if (!isClaude(context.model)) return [];
  return claudeThinkingOf(message, context).flatMap((block) =>
    block.type === 'thinking'
      ? [
          {
            type: 'reasoning',
            summary: [{ type: 'summary_text', text: block.thinking, signature: block.signature }],
          },
        ]
      : [],
  );
}
