import { BUILT_IN_ADAPTERS } from '../../../../lib/catalog.js';
import type { Wire } from '../../../support/wire-views.js';

/**
 * A model of each provider that has a format of its own, or serves a family whose models have rules of their own: one row
 * a host. The tests of this folder walk them all, so that what holds for one host is tried at every other.
 */
export interface Host {
  readonly model: string;
  readonly wire: Wire;
  readonly family: 'claude' | 'gemini' | 'gemma' | 'other';
  /** The id of a tool call is sent; otherwise the order and the name say which result belongs to it. */
  readonly callIds: boolean;
}

export const HOSTS: readonly Host[] = [
  { model: 'anthropic/claude-sonnet-4-5', wire: 'anthropic', family: 'claude', callIds: true },
  { model: 'vertex_ai/claude-sonnet-4-5@20250929', wire: 'anthropic', family: 'claude', callIds: true },
  { model: 'azure_ai/claude-sonnet-4-5', wire: 'anthropic', family: 'claude', callIds: true },
  {
    model: 'bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    wire: 'converse',
    family: 'claude',
    callIds: true,
  },
  { model: 'bedrock/us.amazon.nova-pro-v1:0', wire: 'converse', family: 'other', callIds: true },
  { model: 'gemini/gemini-2.5-flash', wire: 'gemini', family: 'gemini', callIds: false },
  { model: 'gemini/gemini-3-flash', wire: 'gemini', family: 'gemini', callIds: false },
  { model: 'vertex_ai/gemini-2.5-pro', wire: 'gemini', family: 'gemini', callIds: false },
  { model: 'vertex_ai/gemini-3-flash', wire: 'gemini', family: 'gemini', callIds: false },
];

export const CLAUDES = HOSTS.filter(({ family }) => family === 'claude');
export const GEMINIS = HOSTS.filter(({ family }) => family === 'gemini');

/** Rows of formats that are OpenAI's, or like it, with what tells their providers apart. */
const LIKE_OPENAI: readonly Host[] = [
  { model: 'openai/gpt-4.1', wire: 'openAI', family: 'other', callIds: true },
  { model: 'openai/gpt-5-codex', wire: 'responses', family: 'other', callIds: true },
  { model: 'azure/gpt-4.1', wire: 'openAI', family: 'other', callIds: true },
  { model: 'azure_ai/DeepSeek-V3.1', wire: 'openAI', family: 'other', callIds: true },
  { model: 'mistral/mistral-large-latest', wire: 'openAI', family: 'other', callIds: true },
  { model: 'codestral/codestral-latest', wire: 'openAI', family: 'other', callIds: true },
  { model: 'cohere/command-a-03-2025', wire: 'openAI', family: 'other', callIds: true },
  { model: 'ollama/qwen3', wire: 'openAI', family: 'other', callIds: false },
  { model: 'vertex_ai/meta/llama-3.3-70b-instruct-maas', wire: 'openAI', family: 'other', callIds: true },
  { model: 'vertex_ai/mistral-medium-3', wire: 'openAI', family: 'other', callIds: true },
  { model: 'snowflake/claude-sonnet-4-5', wire: 'anthropic', family: 'claude', callIds: true },
  { model: 'bedrock_mantle/anthropic.claude-opus-4-7', wire: 'anthropic', family: 'claude', callIds: true },
  { model: 'openrouter/anthropic/claude-sonnet-4.5', wire: 'openAI', family: 'claude', callIds: true },
  { model: 'databricks/databricks-claude-sonnet-4-5', wire: 'openAI', family: 'claude', callIds: true },
  { model: 'openrouter/google/gemini-2.5-pro', wire: 'openAI', family: 'gemini', callIds: true },
  { model: 'openrouter/openai/gpt-5', wire: 'openAI', family: 'other', callIds: true },
];

const NAMED = [...HOSTS, ...LIKE_OPENAI];

/**
 * Every provider that chats: the rows above, and for an adapter that has none a model of no family, in OpenAI's format. A new
 * adapter is tried without further words; one with a format of its own fails until it has a row.
 */
export const ALL_HOSTS: readonly Host[] = [
  ...NAMED,
  ...BUILT_IN_ADAPTERS.filter(
    ({ provider, completion }) =>
      completion !== undefined && !NAMED.some(({ model }) => isOf(provider, model)),
  ).map(({ provider }): Host => ({
    model: `${provider}/some-model`,
    wire: 'openAI',
    family: 'other',
    callIds: true,
  })),
];

function isOf(provider: string, model: string): boolean {
  return model.slice(0, model.indexOf('/')) === provider;
}
