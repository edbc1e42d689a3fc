import type { ChatRequest } from '../../operations/chat/chat-request.interface.js';
import { isFields, listOf, type Fields } from '../kit/fields.js';
import { checkSupported, refusal, refuse } from '../kit/params.js';
import type { FormatContext, ProviderRequest } from '../provider-adapter.interface.js';
import { betasOf } from './anthropic.betas.js';
import type { AnthropicHost } from './anthropic.host.js';
import { planJsonOutput } from './anthropic.json-output.js';
import { readMcpServer } from './anthropic.mcp.js';
import type { SourceOptions } from './anthropic.media.js';
import { toConversation } from './anthropic.messages.js';
import { claudeSampling, type ClaudeTraits } from '../kit/families/claude.js';
import { planClaudeThinking, thinksBy, type ThinkingPlan } from '../kit/families/claude-thinking.js';
import { stopSequencesOf } from '../kit/messages.js';
import { joinTools, planTools } from './anthropic.tools.js';
import type { AnthropicRequest } from './anthropic.wire.js';
import { SUPPORTED } from './anthropic.params.js';

/** OpenAI's tiers that the provider has, by its own names. */
const SERVICE_TIERS: Readonly<Record<string, string>> = { auto: 'auto', default: 'standard_only' };

function otherFields(request: ChatRequest, context: FormatContext): Fields {
  const { user, safety_identifier, service_tier, modalities } = request;
  const stops = stopSequencesOf(request);
  const user_id = safety_identifier ?? user;
  const tier = service_tier ? SERVICE_TIERS[service_tier] : undefined;
  refuse(
    [
      ...(service_tier && tier === undefined ? ['service_tier'] : []),
      ...(modalities?.some((modality) => modality !== 'text') ? ['modalities'] : []),
    ],
    context,
  );
  return {
    ...(stops.length > 0 && { stop_sequences: stops }),
    ...(user_id && { metadata: { user_id } }),
    ...(tier !== undefined && { service_tier: tier }),
  };
}

function outputConfig({ effort }: ThinkingPlan, format: Fields | undefined): { output_config?: Fields } {
  if (effort === undefined && format === undefined) return {};
  return { output_config: { ...(effort !== undefined && { effort }), ...(format && { format }) } };
}

/** The servers of tools among a request's tools. */
function mcpServersOf({ tools }: ChatRequest, host: AnthropicHost, context: FormatContext): Fields[] {
  const servers = (tools ?? []).flatMap((tool): Fields[] => {
    const server = readMcpServer(tool);
    return server === undefined ? [] : [server.server];
  });
  if (servers.length > 0 && host.mcpServers === false)
    throw refusal('tools of the type mcp', context, 'tools');
  return servers;
}

function joinServers(servers: readonly Fields[], more: unknown): { mcp_servers?: unknown[] } {
  return servers.length > 0 ? { mcp_servers: [...servers, ...listOf(more)] } : {};
}

/**
 * Translates a request. What `providerOptions` has for the provider goes over the translated fields, except that its
 * `tools` are added to the request's, its `output_config` field by field, and that its `betas` are names of betas.
 */
export function toAnthropicRequest(
  request: ChatRequest,
  host: AnthropicHost,
  traits: ClaudeTraits,
  context: FormatContext<ChatRequest>,
): ProviderRequest {
  checkSupported(request, SUPPORTED, context);
  const sources: SourceOptions = host;
  const { betas: asked, ...own } = request.providerOptions?.[context.provider] ?? {};
  const streamed = request.stream === true;
  const { system, messages } = toConversation(request.messages, context, sources);
  const plan = planClaudeThinking(request, traits, context);
  const json = planJsonOutput(request, traits);
  const thinks = thinksBy(plan);
  const tools = planTools(request, traits, json, thinks, context);
  const servers = mcpServersOf(request, host, context);
  const allTools = joinTools(tools.tools, own['tools']);
  const betas = betasOf(asked, messages, allTools.tools ?? tools.tools ?? [], context);
  const output = outputConfig(plan, json?.kind === 'native' ? json.format : undefined);
  const body: AnthropicRequest = {
    ...(host.modelInBody && { model: context.model }),
    ...host.fields,
    max_tokens: plan.maxTokens,
    ...(system.length > 0 && { system }),
    messages,
    ...tools,
    ...(plan.thinking && { thinking: plan.thinking }),
    ...output,
    ...claudeSampling(request, traits, thinks !== undefined, context),
    ...otherFields(request, context),
    ...(host.betas === 'body' && betas.length > 0 && { anthropic_beta: betas }),
    ...(streamed && host.streamInBody && { stream: true }),
    ...own,
    ...allTools,
    ...joinServers(servers, own['mcp_servers']),
    ...(isFields(own['output_config']) && {
      output_config: { ...output.output_config, ...own['output_config'] },
    }),
  };
  return {
    path: host.path(context.model, streamed),
    body: JSON.stringify(body),
    ...(host.betas === 'header' && betas.length > 0 && { headers: { 'anthropic-beta': betas.join(',') } }),
  };
}
