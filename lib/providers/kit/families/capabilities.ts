import type { CompletionCapabilities } from '../../provider-adapter.interface.js';
import { claudeTraits, isClaude } from './claude.js';
import { geminiTraits } from './gemini.js';
import { openAITraits } from './openai.js';

const GOOGLE = /gemini-|gemma/i;

/**
 * What is left of a format's capabilities for one model: a family takes away what its generations lack, and adds
 * nothing, since a host may pass less on than the model can do.
 */
export function capabilitiesOfModel(model: string, format: CompletionCapabilities): CompletionCapabilities {
  if (isClaude(model)) {
    const { structuredOutput, thinks, promptCaching } = claudeTraits(model);
    return {
      ...format,
      structuredOutput:
        format.structuredOutput === 'native' && !structuredOutput ? 'tool' : format.structuredOutput,
      reasoning: format.reasoning && thinks,
      promptCaching: format.promptCaching && promptCaching,
    };
  }
  if (GOOGLE.test(model)) {
    const { functions, thinking } = geminiTraits(model);
    return {
      ...format,
      tools: format.tools && functions,
      structuredOutput: functions && format.structuredOutput,
      reasoning: format.reasoning && thinking !== undefined,
    };
  }
  const { known, reasoning } = openAITraits(model);
  return known ? { ...format, reasoning: format.reasoning && reasoning } : format;
}
