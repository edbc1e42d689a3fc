import type { ChatRequest } from '../../../operations/chat/chat-request.interface.js';

/**
 * Models that OpenAI serves on `/responses` alone. Patterns rather than names: each family gets a new version every
 * few months, and has been on this API only since its first.
 *
 * @see {@link https://github.com/openai/openai-node/blob/master/src/resources/shared.ts} `AllModels` less `ChatModel`
 * @see {@link https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json} `"mode": "responses"`
 */
const RESPONSES_ONLY: readonly RegExp[] = [
  // o1-pro, o3-pro, gpt-5-pro, gpt-5.2-pro
  /^(o\d+|gpt-\d+(\.\d+)?)-pro$/,
  // codex-mini-latest, gpt-5-codex, gpt-5.1-codex-max
  /^codex-/,
  /^gpt-\d+(\.\d+)?-codex(-|$)/,
  // o3-deep-research, o4-mini-deep-research
  /-deep-research$/,
  /^computer-use-/,
];

const PREFIX = 'responses/';
const SNAPSHOT_DATE = /-\d{4}-\d{2}-\d{2}$/;

/** The model's name without what asks for this API, LiteLLM's `responses/`. */
export function responsesModel(model: string): string {
  return model.startsWith(PREFIX) ? model.slice(PREFIX.length) : model;
}

/**
 * Whether a request is for this API: its model is asked for here, or is nowhere else, or takes what is asked for only
 * here.
 */
export function needsResponses(model: string, request: ChatRequest): boolean {
  if (model.startsWith(PREFIX)) return true;
  const name = model.replace(SNAPSHOT_DATE, '');
  return RESPONSES_ONLY.some((pattern) => pattern.test(name)) || reasonsWithTools(name, request);
}

/**
 * From gpt-5.4 on, chat completions refuse functions together with a reasoning effort ("please use /v1/responses").
 *
 * @see {@link https://github.com/BerriAI/litellm} `responses_api_bridge_check`
 */
function reasonsWithTools(model: string, { reasoning_effort: effort, tools }: ChatRequest): boolean {
  if (effort === undefined || effort === null || effort === 'none') return false;
  const [, major, minor] = /^gpt-(\d+)(?:\.(\d+))?(?:-|$)/.exec(model) ?? [];
  const isAffected = Number(major) > 5 || (major === '5' && Number(minor ?? 0) >= 4);
  return isAffected && (tools ?? []).some(({ type }) => type === 'function');
}

/** The name of the web search tool that a model takes: deep research was built on the first one. */
export function webSearchTool(model: string): string {
  return model.includes('deep-research') ? 'web_search_preview' : 'web_search';
}
