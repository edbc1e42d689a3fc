import { Bucket, type Budget } from './bucket.js';
import type { LeaseLimit, QuotaStore } from './quota-store.interface.js';

/** Milliseconds that a call waits for the store at most, whatever the client's own limits are. */
const STORE_MS = 40;

/** Milliseconds for which a store that did not answer is left out: one call in so many pays for it. */
const DOWN_MS = 5_000;

/** A lease is this part of what a process would have without a store: a twentieth of the commands, and as strict. */
const LEASES = 10;

/** What tells whether the store answers. One for all quotas of an instance. */
export class StoreHealth {
  private downUntil = -Infinity;
  private isDown = false;

  constructor(
    readonly store: QuotaStore,
    private readonly now: () => number,
    private readonly log: (message: string) => void,
    private readonly meanwhile: string,
  ) {}

  /** @returns milliseconds until it is asked again; 0 or less while it answers */
  downFor(now: number): number {
    return this.downUntil - now;
  }

  /** @returns what the store says, `undefined` when it does not in time */
  async ask<Answer>(question: () => Promise<Answer>): Promise<Answer | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      // What has arrived while this process was busy is read before it counts as late.
      timer = setTimeout(() => setImmediate(() => setImmediate(resolve, undefined)), STORE_MS);
    });
    try {
      const answer = await Promise.race([question(), late]);
      if (answer === undefined) this.fail(`no answer in ${STORE_MS} ms`);
      else if (this.isDown) {
        this.isDown = false;
        this.log('the store of the quotas answers again');
      }
      return answer;
    } catch (error) {
      this.fail((error as Error).name);
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  private fail(why: string): void {
    this.downUntil = this.now() + DOWN_MS;
    if (this.isDown) return;
    this.isDown = true;
    this.log(`the store of the quotas does not answer (${why}): ${this.meanwhile}`);
  }
}

/** What a process holds of one limit. */
class LeasedBudget implements Budget {
  /** Granted and not spent; less than 0 for what was spent beyond that, which the next lease pays for. */
  have = 0;
  /** What the store has said of the wait: it is not asked before. */
  refusedUntil = -Infinity;

  /** @param own what is spent while the store is away; `undefined` when nothing is */
  constructor(
    private readonly quota: LeasedQuota,
    readonly name: string,
    readonly capacity: number,
    readonly perMs: number,
    readonly size: number,
    private readonly own: Budget | undefined,
  ) {}

  get pending(): Promise<void> | undefined {
    return this.quota.pending;
  }

  waitFor(amount: number, now: number): number {
    if (this.have >= amount) {
      if (this.have - amount < this.size / 4 && this.refusedUntil <= now) this.quota.ask(now, this, 1);
      return 0;
    }
    const down = this.quota.health.downFor(now);
    if (down > 0) return this.own === undefined ? down : this.own.waitFor(amount, now);
    if (this.refusedUntil > now) return this.refusedUntil - now;
    this.quota.ask(now, this, amount);
    return STORE_MS;
  }

  take(amount: number, now: number): void {
    if (this.isAway(now)) this.own!.take(amount, now);
    else this.have -= amount;
  }

  giveBack(amount: number, now: number): void {
    if (this.isAway(now)) return this.own!.giveBack(amount, now);
    this.have += amount;
    if (this.have > 2 * this.size) this.quota.giveBack(this);
  }

  level(now: number): number {
    return this.isAway(now) ? this.own!.level(now) : this.have;
  }

  private isAway(now: number): boolean {
    return this.own !== undefined && this.have <= 0 && this.quota.health.downFor(now) > 0;
  }
}

/** The limits of one quota, of which this process spends what it has leased. */
export class LeasedQuota {
  pending: Promise<void> | undefined;
  private readonly budgets: LeasedBudget[] = [];

  /** @param isOpen whether calls go on by this process's part of the limits while the store is away */
  constructor(
    private readonly name: string,
    readonly health: StoreHealth,
    private readonly replicas: number,
    private readonly isOpen: boolean,
    private readonly now: () => number,
  ) {}

  budget(name: string, capacity: number, perMs: number): Budget {
    const part = capacity / this.replicas;
    const size = Math.max(1, Math.ceil(part / LEASES));
    const own = this.isOpen ? new Bucket(part, perMs / this.replicas, this.now()) : undefined;
    const budget = new LeasedBudget(this, name, capacity, perMs, size, own);
    this.budgets.push(budget);
    return budget;
  }

  /** Asks for a lease of all limits, `amount` of `wanting` at least; one at a time. */
  ask(now: number, wanting: LeasedBudget, amount: number): void {
    if (this.pending !== undefined || this.health.downFor(now) > 0) return;
    const limits = this.budgets.map((budget): LeaseLimit => {
      const { name, capacity, perMs, size, have } = budget;
      const least = Math.max(1, Math.ceil((budget === wanting ? amount : 1) - have));
      return { name, capacity, perMs, least, want: Math.max(least, size - Math.floor(Math.max(0, have))) };
    });
    this.pending = this.health
      .ask(() => this.health.store.lease(this.name, limits))
      .then((lease) => {
        this.pending = undefined;
        if (lease === undefined) return;
        const until = lease.waitMs > 0 ? this.now() + lease.waitMs : -Infinity;
        this.budgets.forEach((budget, index) => {
          budget.have += lease.granted[index] ?? 0;
          budget.refusedUntil = until;
        });
      });
  }

  giveBack(budget: LeasedBudget): void {
    const { name, capacity, size, have } = budget;
    const amount = Math.floor(have - size);
    if (this.health.downFor(this.now()) > 0) return;
    budget.have -= amount;
    void this.health.ask(async () => {
      await this.health.store.giveBack(this.name, [{ name, amount, capacity }]);
      return true;
    });
  }
}
