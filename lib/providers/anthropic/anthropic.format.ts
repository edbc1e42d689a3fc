import type { ChatRequest } from '../../operations/chat/chat-request.interface.js';
import type { CompletionCapabilities, CompletionFormat } from '../provider-adapter.interface.js';
import { planJsonOutput } from './anthropic.json-output.js';
import { ANTHROPIC_HOST, type AnthropicHost } from './anthropic.host.js';
import { claudeTraits, type ClaudeTraits } from '../kit/families/claude.js';
import { toAnthropicRequest } from './anthropic.request.js';
import { toChatCompletion } from './anthropic.response.js';
import { AnthropicTranslator } from './anthropic.translator.js';

/** What a model can do at a host. */
function traitsAt(host: AnthropicHost, model: string): ClaudeTraits {
  const traits = claudeTraits(model);
  return host.structuredOutput === false ? { ...traits, structuredOutput: false } : traits;
}

/** The name of the tool whose input is the answer, where there is one. */
function jsonToolOf(request: ChatRequest, traits: ClaudeTraits): string | undefined {
  const json = planJsonOutput(request, traits);
  return json?.kind === 'tool' ? json.name : undefined;
}

/**
 * Anthropic's messages, at Anthropic or at another host of the format.
 *
 * @param differences from Anthropic's own API
 */
export function anthropicCompletionFormat(differences: Partial<AnthropicHost> = {}): CompletionFormat {
  const host = { ...ANTHROPIC_HOST, ...differences };
  const capabilities: CompletionCapabilities = {
    tools: true,
    structuredOutput: host.structuredOutput === false ? 'tool' : 'native',
    reasoning: true,
    images: true,
    audio: false,
    files: true,
    promptCaching: true,
  };
  return {
    capabilities,
    framing: 'sse',
    ...(host.urlSources ? {} : { fetchesMedia: false }),
    request: (request, context) => toAnthropicRequest(request, host, traitsAt(host, context.model), context),
    response: (body, context) =>
      toChatCompletion(body, jsonToolOf(context.request, traitsAt(host, context.model)), context),
    translator: (context) =>
      new AnthropicTranslator(context, jsonToolOf(context.request, traitsAt(host, context.model))),
  };
}
