import { isFields, listOf } from '../kit/fields.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import type { AnthropicTool, AnthropicTurn } from './anthropic.wire.js';

/** What the uploaded files of a conversation need. */
const FILES_BETA = 'files-api-2025-04-14';

/** What a tool may say besides its definition, before it was for all. */
const ADVANCED_TOOLS_BETA = 'advanced-tool-use-2025-11-20';
const ADVANCED_FIELDS = ['defer_loading', 'allowed_callers', 'input_examples'];

/**
 * The betas of the provider's own tools, by the begin of their type.
 *
 * @see {@link https://platform.claude.com/docs/en/agents-and-tools/tool-use/tool-reference}
 */
const TOOL_BETAS: readonly (readonly [type: string, beta: string])[] = [
  ['advisor_20260301', 'advisor-tool-2026-03-01'],
  ['mcp_toolset', 'mcp-client-2025-11-20'],
  ['computer_20251124', 'computer-use-2025-11-24'],
  ['computer_20250124', 'computer-use-2025-01-24'],
  ['computer_20241022', 'computer-use-2024-10-22'],
];

const HEADER = 'anthropic-beta';

function isBetaHeader([name]: [string, unknown]): boolean {
  return name.toLowerCase() === HEADER;
}

/** The names of a header's list, or of a list in the options. */
export function namesIn(value: unknown): string[] {
  if (typeof value === 'string') return value.split(',').map((name) => name.trim());
  return listOf(value).map(String);
}

function hasFileId(turns: readonly AnthropicTurn[]): boolean {
  return turns.some(({ content }) =>
    content.some(({ source }) => isFields(source) && source['file_id'] !== undefined),
  );
}

function toolBetas(tools: readonly AnthropicTool[]): string[] {
  return tools.flatMap((tool) => {
    if (ADVANCED_FIELDS.some((field) => tool[field] !== undefined)) return [ADVANCED_TOOLS_BETA];
    const beta = TOOL_BETAS.find(([type]) => tool['type'] === type)?.[1];
    return beta === undefined ? [] : [beta];
  });
}

/**
 * The betas that the call, the provider's options and what the request holds ask for, each once.
 *
 * @param asked by the call's own options
 */
export function betasOf(
  asked: unknown,
  turns: readonly AnthropicTurn[],
  tools: readonly AnthropicTool[],
  { providerOptions, headers }: FormatContext,
): string[] {
  const own = [...namesIn(asked), ...(hasFileId(turns) ? [FILES_BETA] : []), ...toolBetas(tools)];
  const configured = namesIn(providerOptions['betas']);
  if (own.length === 0 && configured.length === 0) return [];
  // What is sent for this request replaces the header of the call and of the options, so it holds their names too.
  const given = Object.entries({ ...(providerOptions['headers'] as object), ...headers }).find(isBetaHeader);
  return [...new Set([...namesIn(given?.[1]), ...configured, ...own])];
}
