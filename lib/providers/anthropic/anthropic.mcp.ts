import { isFields, listOf, type Fields } from '../kit/fields.js';
import type { AnthropicTool } from './anthropic.wire.js';

/** A server of tools that the provider calls itself, with the tool of the request that stands for all of them. */
export interface McpServer {
  /** For `mcp_servers`. */
  readonly server: Fields;
  readonly toolset: AnthropicTool;
}

/**
 * Reads a tool that is a server of tools: OpenAI's form of one, `{ type: 'mcp', server_url, server_label, ... }`.
 *
 * @returns `undefined` for any other tool
 * @see {@link https://platform.claude.com/docs/en/agents-and-tools/mcp-connector}
 */
export function readMcpServer(tool: object): McpServer | undefined {
  const { type, server_url, server_label, authorization, headers, allowed_tools } = tool as Fields;
  if (type !== 'mcp') return undefined;
  const token = isFields(headers) ? (headers['Authorization'] ?? headers['authorization']) : authorization;
  const names = isFields(allowed_tools) ? listOf(allowed_tools['tool_names']) : listOf(allowed_tools);
  return {
    server: {
      type: 'url',
      url: server_url,
      name: server_label,
      ...(typeof token === 'string' && { authorization_token: token.replace(/^Bearer /, '') }),
    },
    toolset: {
      type: 'mcp_toolset',
      mcp_server_name: server_label,
      ...(names.length > 0 && {
        default_config: { enabled: false },
        configs: Object.fromEntries(names.map((name) => [String(name), { enabled: true }])),
      }),
    },
  };
}
