import { COMPATIBLE_PROVIDERS } from '../../lib/providers/compatible.js';
import { COMPATIBLE_CAPABILITIES } from '../../lib/providers/compatible.adapter.js';
import { BUILT_IN_ADAPTERS, PROVIDER_ALIASES } from '../../lib/catalog.js';
import type { CompletionCapabilities, ProviderAdapter } from '../../lib/index.js';

export const START = '<!-- capabilities:start -->';
export const END = '<!-- capabilities:end -->';

const COLUMNS = [
  'Provider',
  'Chat',
  'Stream',
  'Tools',
  'Structured output',
  'Reasoning',
  'Images',
  'Audio',
  'Files',
  'Prompt caching',
  'Embeddings',
];

/** Models of the providers that have a format for each family. */
const FAMILIES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  azure_ai: { "OpenAI's API": 'gpt-4o', Claude: 'claude-sonnet-4-5' },
  vertex_ai: {
    Gemini: 'gemini-2.5-pro',
    Claude: 'claude-sonnet-4-5',
    'Model Garden': 'meta/llama-3.3-70b-instruct-maas',
  },
  bedrock_mantle: { "OpenAI's API": 'openai.gpt-oss-120b', Claude: 'anthropic.claude-opus-4-7' },
  snowflake: { "OpenAI's API": 'llama4-maverick', Claude: 'claude-sonnet-4-5' },
};

const mark = (has: boolean): string => (has ? '✓' : '–');

function row(name: string, capabilities: CompletionCapabilities | undefined, embeds: boolean): string {
  const chats = capabilities !== undefined;
  const { structuredOutput = false } = capabilities ?? {};
  const cells = [
    name,
    mark(chats),
    mark(chats),
    mark(capabilities?.tools === true),
    structuredOutput === false ? mark(false) : structuredOutput,
    mark(capabilities?.reasoning === true),
    mark(capabilities?.images === true),
    mark(capabilities?.audio === true),
    mark(capabilities?.files === true),
    mark(capabilities?.promptCaching === true),
    mark(embeds),
  ];
  return `| ${cells.join(' | ')} |`;
}

function capabilitiesOf(adapter: ProviderAdapter, model: string): CompletionCapabilities | undefined {
  return adapter.completion?.(model, { model, messages: [] }).capabilities;
}

function rowsOf(adapter: ProviderAdapter): string[] {
  const { provider } = adapter;
  const embeds = adapter.embedding !== undefined;
  const families = Object.entries(FAMILIES[provider] ?? { '': 'model' });
  return families.map(([family, model]) =>
    row(
      `\`${provider}\`${family && ` (${family})`}`,
      capabilitiesOf(adapter, model),
      // Anthropic has no embeddings.
      embeds && family !== 'Claude',
    ),
  );
}

function list(providers: readonly ProviderAdapter[]): string {
  return providers.map(({ provider }) => `\`${provider}\``).join(', ');
}

/** The providers and what they can, as the README has it, from what the adapters say of themselves. */
export function capabilitiesTable(): string {
  const own = BUILT_IN_ADAPTERS.filter(({ provider }) => !(provider in COMPATIBLE_PROVIDERS));
  const compatible = BUILT_IN_ADAPTERS.filter(({ provider }) => provider in COMPATIBLE_PROVIDERS)
    .slice()
    .sort((a, b) => a.provider.localeCompare(b.provider));
  const kind = (chats: boolean, embeds: boolean) =>
    compatible.filter(
      (one) => (one.completion !== undefined) === chats && (one.embedding !== undefined) === embeds,
    );
  return [
    `| ${COLUMNS.join(' | ')} |`,
    `|${COLUMNS.map((_name, index) => (index === 0 ? ' --- ' : ' :-: ')).join('|')}|`,
    ...own.flatMap(rowsOf),
    row(`OpenAI-compatible (${compatible.length})`, COMPATIBLE_CAPABILITIES, true),
    '',
    `OpenAI-compatible, chat and embeddings: ${list(kind(true, true))}.`,
    '',
    `OpenAI-compatible, chat: ${list(kind(true, false))}.`,
    '',
    `OpenAI-compatible, embeddings: ${list(kind(false, true))}.`,
    '',
    `Further prefixes: ${Object.entries(PROVIDER_ALIASES)
      .map(([alias, provider]) => `\`${alias}\` for \`${provider}\``)
      .join(', ')}.`,
  ].join('\n');
}
