import type { Open } from '../../operations/chat/chat-request.interface.js';

type KnownEffort = 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max';

/** `reasoning_effort` that asks for reasoning. */
export type Effort = Open<KnownEffort>;

/**
 * Tokens of thinking that an effort stands for, where a model thinks within a budget. A model with a least budget of
 * its own raises the lower ones to it.
 *
 * @see {@link https://github.com/BerriAI/litellm/blob/main/litellm/constants.py} `DEFAULT_REASONING_EFFORT_*_BUDGET`
 */
export const EFFORT_BUDGETS: Readonly<Record<KnownEffort, number>> = {
  minimal: 128,
  low: 1024,
  medium: 2048,
  high: 4096,
  xhigh: 8192,
  max: 16_384,
};

/** The tokens of an effort; one that is not known yet asks for the most. */
export function effortTokens(effort: string): number {
  return (EFFORT_BUDGETS as Readonly<Record<string, number>>)[effort] ?? EFFORT_BUDGETS.max;
}

/** The efforts of the models that know three. */
export function ofThreeEfforts(effort: Effort): 'low' | 'medium' | 'high' {
  if (effort === 'minimal' || effort === 'low') return 'low';
  return effort === 'medium' ? 'medium' : 'high';
}
