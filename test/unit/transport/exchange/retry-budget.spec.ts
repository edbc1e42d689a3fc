import { describe, expect, it } from '@jest/globals';
import { RetryBudget } from '../../../../lib/transport/exchange/retry-budget.js';

describe('the retry budget', () => {
  it('gives a burst, and then as many as calls have brought', () => {
    const budget = new RetryBudget();
    const options = { burst: 2, ratio: 0.5 };
    budget.onCall(options);
    expect([1, 2, 3].map(() => budget.take(options))).toEqual([true, true, false]);
    budget.onCall(options);
    expect(budget.take(options)).toBe(false);
    budget.onCall(options);
    expect(budget.left).toBe(1);
    expect(budget.take(options)).toBe(true);
    expect(budget.take(false)).toBe(true);
  });

  it('has no retry at all with a burst of 0', () => {
    expect(new RetryBudget().take({ burst: 0 })).toBe(false);
  });
});
