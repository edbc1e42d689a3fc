import type {
  AssistantMessage,
  ChatRequest,
  ThinkingBlock,
} from '../../../operations/chat/chat-request.interface.js';
import type { FormatContext } from '../../provider-adapter.interface.js';
import { originOf } from '../origin.js';
import { refuse } from '../params.js';

/** What the generations of Claude differ in, at any host. Limits are numbers of tokens. */
export interface ClaudeTraits {
  readonly maxOutput: number;
  /** Answers that are kept to a schema, and `strict` tools. */
  readonly structuredOutput: boolean;
  /** Shows its thinking, where a request asks for it. */
  readonly thinks: boolean;
  /** Thinks as much as an effort says, rather than within a budget of tokens. */
  readonly adaptiveThinking: boolean;
  /** Takes a budget of tokens to think within. */
  readonly budgets: boolean;
  /** Knows the effort `xhigh`, and shows no thinking unless `display` asks for it. */
  readonly xhighEffort: boolean;
  /** What leaves out thinking, where it can be left out. */
  readonly withoutThinking: 'disabled' | 'between_tools' | undefined;
  /** Refuses every `temperature` but 1, and every `top_p` below 0.99. */
  readonly fixedSampling: boolean;
  /** Refuses `temperature` and `top_p` together. */
  readonly oneOfSampling: boolean;
  /** Goes on with an answer whose begin the caller wrote, as the last message. */
  readonly prefill: boolean;
  /** Keeps the begin of a prompt, where a request marks it; for an hour from Claude 4.5 on. */
  readonly promptCaching: boolean;
  readonly hourCaching: boolean;
  /** Takes a `tool_choice` that leaves it no choice. */
  readonly forcedTools: boolean;
  /** Takes such a choice also where it is asked to think adaptively. */
  readonly forcedToolsWhileThinking: boolean;
}

/** How a Claude is asked to think: within a budget of tokens, or as much as an effort says. */
export type ThinkingKind = 'budget' | 'adaptive';

interface Version {
  readonly family: string | undefined;
  /** 100 times the major number and the minor one: 405 for 4.5. */
  readonly number: number;
}

/** A model that is no Claude, behind the same API: what the API's first models could do. */
const OTHER: ClaudeTraits = {
  maxOutput: 4096,
  structuredOutput: false,
  thinks: false,
  adaptiveThinking: false,
  budgets: true,
  xhighEffort: false,
  withoutThinking: 'disabled',
  fixedSampling: false,
  oneOfSampling: false,
  prefill: true,
  promptCaching: false,
  hourCaching: false,
  forcedTools: true,
  forcedToolsWhileThinking: false,
};

/**
 * Names such as `claude-opus-4-5@20251101`, `us.anthropic.claude-3-5-haiku-20241022-v1:0`, `anthropic/claude-sonnet-4.5`,
 * `databricks-claude-3-7-sonnet`, `claude-2.1`.
 */
const NEW_NAME = /claude-([a-z]+)-(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/;
const FIRST_NAME = /claude-(instant|v\d)/;
const OLD_NAME = /claude-(\d)(?:[-.](\d))?(?!\d)(?:-([a-z]+))?/;

/** Whether a model's name, as any host spells it, is a Claude's. */
export function isClaude(model: string): boolean {
  const name = model.toLowerCase();
  return name.includes('claude') || name.includes('anthropic.');
}

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
 * @see {@link https://platform.claude.com/docs/en/about-claude/models/migration-guide} for what each generation refuses
 * @see {@link https://platform.claude.com/docs/en/build-with-claude/structured-outputs}
 * @see {@link https://platform.claude.com/docs/en/build-with-claude/thinking}
 * @see {@link https://github.com/langchain-ai/langchain-aws/pull/1141} for forced tools beside adaptive thinking
 */
export function claudeTraits(name: string): ClaudeTraits {
  const model = name.toLowerCase();
  if (!isClaude(model) || FIRST_NAME.test(model)) return OTHER;
  const version = versionOf(model) ?? { family: /claude-([a-z]+)/.exec(model)?.[1], number: 500 };
  const { family, number } = version;
  const isTop = family === 'fable' || family === 'mythos';
  const forcedTools = !(isTop ? number >= 501 : number >= 505);
  return {
    maxOutput: maxOutputOf(version),
    structuredOutput: number >= 405 || (family === 'opus' && number >= 401),
    thinks: number >= 307,
    adaptiveThinking: number >= 406,
    budgets: number < 407,
    xhighEffort: number >= 407,
    withoutThinking: withoutThinking(family, number),
    fixedSampling: number >= 407,
    oneOfSampling: number >= 405 || (family === 'opus' && number >= 401),
    prefill: number < 406,
    promptCaching: number >= 300,
    hourCaching: number >= 405,
    forcedTools,
    forcedToolsWhileThinking: forcedTools && number >= 408,
  };
}

function withoutThinking(family: string | undefined, number: number): ClaudeTraits['withoutThinking'] {
  if (family === 'fable' || family === 'mythos') return undefined;
  if (family === 'opus' && number >= 505) return undefined;
  return family !== 'opus' && number >= 505 ? 'between_tools' : 'disabled';
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

/** Whether a request may leave the model no choice but to call a tool. @param thinks how it is asked to think */
export function canForceTools(
  { forcedTools, forcedToolsWhileThinking }: ClaudeTraits,
  thinks: ThinkingKind | undefined,
): boolean {
  if (thinks === undefined) return forcedTools;
  return thinks === 'adaptive' && forcedToolsWhileThinking;
}

/** What shapes the choice of tokens, as far as a Claude takes it. */
export interface ClaudeSampling {
  readonly temperature?: number;
  readonly top_p?: number;
}

/**
 * Refuses, or leaves out, the sampling that a Claude does not take: any of it from Opus 4.7 on, more than one of it from
 * Opus 4.1 on, most of it while the model thinks. A value that asks for nothing gives way to one that does.
 *
 * @param thinks whether the request asks the model to think
 * @throws {UnsupportedParamsError} naming what the model does not take
 */
export function claudeSampling(
  { temperature, top_p }: ChatRequest,
  traits: ClaudeTraits,
  thinks: boolean,
  context: FormatContext,
): ClaudeSampling {
  const sampling: { temperature?: number; top_p?: number } = {};
  const refused: string[] = [];
  const fixed = traits.fixedSampling || thinks;
  const why = thinks && !traits.fixedSampling ? 'while the model thinks' : `with ${context.model}`;
  if (typeof temperature === 'number') {
    if (fixed && temperature !== 1) refused.push('temperature');
    else sampling.temperature = temperature;
  }
  if (typeof top_p === 'number') {
    const least = traits.fixedSampling ? 0.99 : 0.95;
    if (fixed && top_p < least) refused.push('top_p');
    else sampling.top_p = top_p;
  }
  if (traits.oneOfSampling && sampling.temperature !== undefined && sampling.top_p !== undefined) {
    if (sampling.temperature === 1 && sampling.top_p !== 1) delete sampling.temperature;
    else {
      if (sampling.top_p !== 1) refuse(['top_p'], context, `beside temperature with ${context.model}`);
      delete sampling.top_p;
    }
  }
  refuse(refused, context, why);
  return sampling;
}

/** Whether a block is one that a Claude may read again: signed, or encrypted. */
function isProven(block: ThinkingBlock): boolean {
  return block.type === 'redacted_thinking' || !!block.signature;
}

/**
 * The thinking of an earlier answer that goes back to a Claude: what a Claude signed, at whichever host, for the
 * signatures hold at all of them, and the API itself leaves out the blocks of a model that the new one cannot read.
 * Without a known origin, Anthropic's own form is taken at its word.
 *
 * @see {@link https://platform.claude.com/docs/en/build-with-claude/preserved-thinking#switching-models}
 */
export function claudeThinkingOf(
  message: AssistantMessage,
  { provider, model }: FormatContext,
): readonly ThinkingBlock[] {
  const blocks = message.thinking_blocks ?? [];
  if (blocks.length === 0) return blocks;
  const origin = originOf(message);
  const isOwn =
    origin === undefined ||
    isClaude(origin.model) ||
    (origin.provider === provider && origin.model === model);
  return isOwn ? blocks.filter(isProven) : [];
}
