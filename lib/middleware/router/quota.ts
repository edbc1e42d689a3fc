import type { Budget } from '../../quotas/bucket.js';
import type { Cost } from './cost.js';

/** What is left of an account's limits; only of those that it has. */
export interface QuotaLevels {
  requests?: number;
  /** Input and output together. */
  tokens?: number;
  input?: number;
  output?: number;
}

/** The limits of an account. */
export type QuotaBudgets = { readonly [Name in keyof QuotaLevels]?: Budget };

/** An account at a provider: its limits, and what it has said of them. */
export class Quota {
  /** A 429 is binding until then. */
  limitedUntil = 0;
  /** Without money until then, as far as it is known. */
  brokeUntil = 0;
  reason: string | undefined;
  inFlight = 0;

  /** @param concurrency calls at the same time; `Infinity` for no bound */
  constructor(
    readonly name: string,
    private readonly budgets: QuotaBudgets,
    readonly concurrency: number,
  ) {}

  get countsTokens(): boolean {
    const { tokens, input, output } = this.budgets;
    return tokens !== undefined || input !== undefined || output !== undefined;
  }

  /** @returns milliseconds until its limits have room for the call */
  waitFor({ input, output }: Cost, now: number): number {
    const { budgets } = this;
    let wait = this.limitedUntil - now;
    if (budgets.requests !== undefined) wait = Math.max(wait, budgets.requests.waitFor(1, now));
    if (budgets.tokens !== undefined) wait = Math.max(wait, budgets.tokens.waitFor(input + output, now));
    if (budgets.input !== undefined) wait = Math.max(wait, budgets.input.waitFor(input, now));
    if (budgets.output !== undefined) wait = Math.max(wait, budgets.output.waitFor(output, now));
    return wait;
  }

  /** More of its limits is being asked for. */
  get pending(): Promise<void> | undefined {
    const { requests, tokens, input, output } = this.budgets;
    return requests?.pending ?? tokens?.pending ?? input?.pending ?? output?.pending;
  }

  reserve({ input, output }: Cost, now: number): void {
    const { budgets } = this;
    this.inFlight++;
    budgets.requests?.take(1, now);
    budgets.tokens?.take(input + output, now);
    budgets.input?.take(input, now);
    budgets.output?.take(output, now);
  }

  /** @param requests that were sent */
  settle(reserved: Cost, spent: Cost, requests: number, now: number): void {
    const { budgets } = this;
    this.inFlight--;
    const input = reserved.input - spent.input;
    const output = reserved.output - spent.output;
    budgets.requests?.giveBack(1 - requests, now);
    budgets.tokens?.giveBack(input + output, now);
    budgets.input?.giveBack(input, now);
    budgets.output?.giveBack(output, now);
  }

  levels(now: number): QuotaLevels {
    const levels: QuotaLevels = {};
    for (const name of ['requests', 'tokens', 'input', 'output'] as const) {
      const budget = this.budgets[name];
      if (budget !== undefined) levels[name] = Math.floor(budget.level(now));
    }
    return levels;
  }
}
