import type { ChatRequest } from '../../../operations/chat/chat-request.interface.js';
import type { FormatContext } from '../../provider-adapter.interface.js';
import { EFFORT_BUDGETS, type Effort } from '../effort.js';
import type { Fields } from '../fields.js';
import { isBlank, textOf } from '../messages.js';
import { refusal, refuse } from '../params.js';
import { claudeThinkingOf, defaultMaxTokens, type ClaudeTraits, type ThinkingKind } from './claude.js';

/** The least budget that the API takes, in tokens. */
const MIN_BUDGET = 1024;

/** How many tokens an answer may have, and how it thinks. */
export interface ThinkingPlan {
  /** Tokens, those of the thinking included. */
  readonly maxTokens: number;
  /** The `thinking` of Anthropic's API. */
  readonly thinking?: Fields;
  /** The `effort` of Anthropic's `output_config`. */
  readonly effort?: string;
}

/** How a request wants the model to think, if it does, before anything is left out. */
export function wantedThinking(
  { thinking, reasoning_effort: effort }: ChatRequest,
  { adaptiveThinking, budgets }: ClaudeTraits,
): ThinkingKind | undefined {
  if (thinking ? thinking.type === 'disabled' : !effort || effort === 'none') return undefined;
  if (thinking?.type === 'enabled') return budgets ? 'budget' : 'adaptive';
  return adaptiveThinking ? 'adaptive' : 'budget';
}

/** How the model is asked to think by a plan, if it is. */
export function thinksBy({ thinking }: ThinkingPlan): ThinkingKind | undefined {
  if (thinking?.['type'] === 'enabled') return 'budget';
  return thinking?.['type'] === 'adaptive' ? 'adaptive' : undefined;
}

/**
 * Plans the thinking of a Claude's answer, the same at every host: `thinking` as far as the model takes it, otherwise what
 * `reasoning_effort` stands for.
 *
 * @throws {BadRequestError} when the answer has no room for the thinking, or the conversation ends with a begin of the
 * answer that the model does not go on with
 * @throws {UnsupportedParamsError} when the model cannot do without thinking, or cannot go on with an answer while it thinks
 * @see {@link https://platform.claude.com/docs/en/build-with-claude/thinking}
 */
export function planClaudeThinking(
  request: ChatRequest,
  traits: ClaudeTraits,
  context: FormatContext,
): ThinkingPlan {
  const limit = request.max_completion_tokens ?? request.max_tokens ?? undefined;
  const maxTokens = limit ?? defaultMaxTokens(traits);
  const asked = askedThinking(request, traits, context);
  if (asked === undefined || asked.thinking['type'] === 'disabled' || !isAsked(asked.thinking)) {
    refusePrefill(request, traits, context);
    return { maxTokens, ...asked };
  }
  if (endsWithPrefill(request)) {
    refusePrefill(request, traits, context);
    refuse([nameOf(request)], context, 'beside a begin of the answer as the last message');
    return { maxTokens };
  }
  if (asked.thinking['type'] !== 'enabled') return { maxTokens, ...asked };
  if (lacksThinking(request, context)) {
    // The API refuses a call of a tool without the thinking before it, which another model, or nobody, has done.
    context.droppedParams.push(nameOf(request));
    return { maxTokens };
  }
  const budget = asked.thinking['budget_tokens'] as number;
  return { ...asked, maxTokens: limit ?? withRoomFor(budget, traits) };
}

function isAsked({ type }: Fields): boolean {
  return type === 'enabled' || type === 'adaptive';
}

function nameOf({ thinking }: ChatRequest): string {
  return thinking ? 'thinking' : 'reasoning_effort';
}

type Asked = { readonly thinking: Fields; readonly effort?: string };

function askedThinking(
  { thinking, reasoning_effort, max_completion_tokens, max_tokens }: ChatRequest,
  traits: ClaudeTraits,
  context: FormatContext,
): Asked | undefined {
  const limit = max_completion_tokens ?? max_tokens ?? undefined;
  if (thinking) return ofThinking(thinking, reasoning_effort, limit, traits, context);
  if (!reasoning_effort) return undefined;
  if (reasoning_effort === 'none') return off('reasoning_effort', traits, context);
  if (traits.adaptiveThinking)
    return {
      thinking: shown({ type: 'adaptive' }, traits),
      effort: adaptiveEffort(reasoning_effort, traits),
    };
  return { thinking: { type: 'enabled', budget_tokens: budgetOf(reasoning_effort, limit, context) } };
}

function ofThinking(
  thinking: NonNullable<ChatRequest['thinking']>,
  effort: ChatRequest['reasoning_effort'],
  limit: number | undefined,
  traits: ClaudeTraits,
  context: FormatContext,
): Asked | undefined {
  const wanted = effort && effort !== 'none' ? effort : undefined;
  switch (thinking.type) {
    case 'disabled':
      return off('thinking', traits, context);
    case 'adaptive':
      if (!traits.adaptiveThinking) {
        const { display } = thinking;
        const budget_tokens = budgetOf(wanted ?? 'high', limit, context);
        return { thinking: { type: 'enabled', budget_tokens, ...(display !== undefined && { display }) } };
      }
      return {
        thinking: shown(thinking, traits),
        ...(wanted !== undefined && { effort: adaptiveEffort(wanted, traits) }),
      };
    case 'enabled': {
      if (!traits.budgets) {
        const { display } = thinking;
        return {
          thinking: shown({ type: 'adaptive', ...(display !== undefined && { display }) }, traits),
          effort: adaptiveEffort(wanted ?? effortOf(thinking.budget_tokens), traits),
        };
      }
      checkBudget(thinking.budget_tokens, limit, context);
      return { thinking: { ...thinking } };
    }
    default:
      // A kind that is still to be invented.
      return { thinking: { ...(thinking as Fields) } };
  }
}

function off(param: string, { withoutThinking }: ClaudeTraits, context: FormatContext): Asked | undefined {
  if (withoutThinking === undefined)
    refuse([param], context, `that turns off thinking with ${context.model}`);
  return withoutThinking && { thinking: { type: withoutThinking } };
}

/** Newer models keep the text of their thinking to themselves unless they are asked for it. */
function shown(thinking: Fields, { xhighEffort }: ClaudeTraits): Fields {
  return { ...thinking, ...(xhighEffort && thinking['display'] === undefined && { display: 'summarized' }) };
}

function adaptiveEffort(effort: Effort, { xhighEffort }: ClaudeTraits): string {
  if (effort === 'minimal') return 'low';
  return effort === 'xhigh' && !xhighEffort ? 'max' : effort;
}

/** The least effort whose budget reaches the one that the caller gave. */
function effortOf(budget: number): Effort {
  const efforts = Object.entries(EFFORT_BUDGETS) as [Effort, number][];
  return efforts.find(([, tokens]) => tokens >= budget)?.[0] ?? 'max';
}

function budgetOf(effort: Effort, limit: number | undefined, context: FormatContext): number {
  const most = (EFFORT_BUDGETS as Readonly<Record<string, number>>)[effort];
  if (most === undefined) throw refusal(`the value ${JSON.stringify(effort)}`, context, 'reasoning_effort');
  const budget = Math.max(limit === undefined ? most : Math.min(most, limit - 1), MIN_BUDGET);
  checkBudget(budget, limit, context);
  return budget;
}

function checkBudget(budget: number, limit: number | undefined, context: FormatContext): void {
  if (budget < MIN_BUDGET) throw refusal(`a budget_tokens below ${MIN_BUDGET}`, context, 'thinking');
  if (limit !== undefined && budget >= limit) {
    throw refusal(
      `a limit of ${limit} tokens beside a budget of ${budget} for thinking, which counts towards it: raise max_completion_tokens`,
      context,
      'max_completion_tokens',
    );
  }
}

/** The default limit, on top of a budget for thinking. */
function withRoomFor(budget: number, traits: ClaudeTraits): number {
  return Math.max(Math.min(defaultMaxTokens(traits) + budget, traits.maxOutput), defaultMaxTokens(traits));
}

/** Whether the last message is the begin of the answer, written by the caller. */
function endsWithPrefill({ messages }: ChatRequest): boolean {
  const last = messages.at(-1);
  return last?.role === 'assistant' && !last.tool_calls?.length && !isBlank(textOf(last.content));
}

/** @throws {BadRequestError} for a conversation that ends with the begin of an answer, where the model does not go on with one */
export function refusePrefill(request: ChatRequest, { prefill }: ClaudeTraits, context: FormatContext): void {
  if (prefill || !endsWithPrefill(request)) return;
  throw refusal(
    `a begin of the answer as the last message of a conversation with ${context.model}; ask for it in a message of the user`,
    context,
  );
}

/** Whether the last answer called tools, and has no thinking that could be sent back before its calls. */
function lacksThinking({ messages }: ChatRequest, context: FormatContext): boolean {
  const last = messages.findLast(({ role }) => role === 'assistant');
  return (
    last?.role === 'assistant' && !!last.tool_calls?.length && claudeThinkingOf(last, context).length === 0
  );
}
