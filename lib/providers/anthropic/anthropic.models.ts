/** What the generations of Claude differ in. Limits are numbers of tokens. */
export interface ClaudeTraits {
  readonly maxOutput: number;
  /** `output_config.format`, and `strict` tools. */
  readonly structuredOutput: boolean;
  /** Thinks as much as an effort says, rather than within a budget of tokens. */
  readonly adaptiveThinking: boolean;
  /** Knows the effort `xhigh`, and shows no thinking unless `display` asks for it. */
  readonly xhighEffort: boolean;
  /** What leaves out thinking, where it can be left out. */
  readonly withoutThinking: 'disabled' | 'between_tools' | undefined;
  /** Refuses every `temperature` but 1, and every `top_p` below 0.99. */
  readonly fixedSampling: boolean;
  /** Takes a `tool_choice` that leaves it no choice. */
  readonly forcedTools: boolean;
}

interface Version {
  readonly family: string | undefined;
  /** 100 times the major number and the minor one: 405 for 4.5. */
  readonly number: number;
}

/** A model that is no Claude, behind the same API: what the API's first models could do. */
const OTHER: ClaudeTraits = {
  maxOutput: 4096,
  structuredOutput: false,
  adaptiveThinking: false,
  xhighEffort: false,
  withoutThinking: 'disabled',
  fixedSampling: false,
  forcedTools: true,
};

/** Names such as `claude-opus-4-5@20251101`, `us.anthropic.claude-3-5-haiku-20241022-v1:0`, `claude-2.1`. */
const NEW_NAME = /claude-([a-z]+)-(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/;
const FIRST_NAME = /claude-(instant|v\d)/;
const OLD_NAME = /claude-(\d)(?:[-.](\d))?(?!\d)(?:-([a-z]+))?/;

function numberOf(major: string | undefined, minor: string | undefined): number {
  return 100 * Number(major) + Number(minor ?? 0);
}

function versionOf(model: string): Version | undefined {
  const name = NEW_NAME.exec(model);
  if (name !== null && name[1] !== 'instant') return { family: name[1], number: numberOf(name[2], name[3]) };
  const old = OLD_NAME.exec(model);
  if (old !== null) return { family: old[3], number: numberOf(old[1], old[2]) };
  return undefined;
}

function maxOutputOf({ family, number }: Version): number {
  if (number >= 406) return 128_000;
  if (number >= 405) return 64_000;
  if (number >= 400) return family === 'opus' ? 32_000 : 64_000;
  if (number >= 307) return 64_000;
  return number >= 305 ? 8192 : 4096;
}

/**
 * The traits of a model by its name at any host. A Claude whose name has no version that is known counts as the
 * newest, since names of that kind are still to come.
 *
 * @see {@link https://platform.claude.com/docs/en/about-claude/models/overview}
 * @see {@link https://platform.claude.com/docs/en/build-with-claude/structured-outputs}
 * @see {@link https://platform.claude.com/docs/en/build-with-claude/thinking}
 */
export function traitsOf(model: string): ClaudeTraits {
  if (!model.includes('claude') || FIRST_NAME.test(model)) return OTHER;
  const version = versionOf(model) ?? { family: undefined, number: 500 };
  const { family, number } = version;
  const isTop = family === 'fable' || family === 'mythos';
  return {
    maxOutput: maxOutputOf(version),
    structuredOutput: number >= 405 || (family === 'opus' && number >= 401),
    adaptiveThinking: number >= 406,
    xhighEffort: number >= 407,
    withoutThinking: withoutThinking(family, number),
    fixedSampling: number >= 407,
    forcedTools: !((isTop && number >= 501) || ((family === 'opus' || family === 'sonnet') && number >= 505)),
  };
}

function withoutThinking(family: string | undefined, number: number): ClaudeTraits['withoutThinking'] {
  if (family === 'fable' || family === 'mythos') return undefined;
  if (family === 'opus' && number >= 505) return undefined;
  return family === 'sonnet' && number >= 505 ? 'between_tools' : 'disabled';
}

/** Anthropic's own SDK refuses an unary call of more: it may take longer than ten minutes. */
const MAX_UNARY_OUTPUT = 21_333;

/**
 * How many tokens an answer may have when the caller does not say: `max_tokens` is required. The model's own limit,
 * so that an answer is not cut short, as long as it does not allow an answer of more than ten minutes.
 */
export function defaultMaxTokens({ maxOutput }: ClaudeTraits): number {
  return Math.min(maxOutput, MAX_UNARY_OUTPUT);
}
