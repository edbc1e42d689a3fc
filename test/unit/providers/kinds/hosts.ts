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
