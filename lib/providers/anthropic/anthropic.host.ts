import type { Fields } from '../kit/fields.js';
import type { SourceOptions } from './anthropic.media.js';

/** How a host of the format differs from Anthropic's own API. */
export interface AnthropicHost extends SourceOptions {
  /** Appended to the base URL. */
  path(model: string, streamed: boolean): string;
  /** Whether the body names the model; otherwise the path does. */
  readonly modelInBody: boolean;
  /** Whether the body says `stream`; otherwise the path does. */
  readonly streamInBody: boolean;
  /** Where the names of betas go. */
  readonly betas: 'header' | 'body';
  /** Further fields of each body, such as `anthropic_version`. */
  readonly fields?: Fields;
  /** Whether the host calls servers of tools itself; default true. */
  readonly mcpServers?: boolean;
  /** Whether the host has structured outputs, for the models that do; default true. */
  readonly structuredOutput?: boolean;
}

/** Anthropic's own API. */
export const ANTHROPIC_HOST: AnthropicHost = {
  path: () => '/messages',
  modelInBody: true,
  streamInBody: true,
  betas: 'header',
  urlSources: true,
  fileIds: true,
};
