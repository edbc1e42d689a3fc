import type { Call } from './call.js';

/** The longest delay of a Node timer in milliseconds. */
const MAX_DELAY_MS = 0x7fffffff;

/**
 * The calls that have not ended, and one timer for all their time limits: it fires at the earliest of them, and is then
 * set to what is the earliest by then. A call that ends in time, and a limit that is pushed back by each read, cost no
 * timer operation.
 *
 * An array, and no Set: V8 gives a Set whose deleted entries have used it up a new table, to which the old one points.
 * Once one of these tables is in the old generation, all that follow it are kept alive, with every call that was in
 * them, until a full collection: a fifth of the CPU of a unary call.
 */
export class ActiveCalls implements Iterable<Call> {
  private readonly calls: Call[] = [];
  private timer: NodeJS.Timeout | undefined;
  private firesAt = Infinity;

  get size(): number {
    return this.calls.length;
  }

  add(call: Call): void {
    call.place = this.calls.push(call) - 1;
    if (this.calls.length === 1) this.timer?.ref();
  }

  delete(call: Call): void {
    const last = this.calls.pop()!;
    if (last !== call) {
      this.calls[call.place] = last;
      last.place = call.place;
    }
    // It goes on for the calls to come, and does not hold the process for them.
    if (this.calls.length === 0) this.timer?.unref();
  }

  /** Has the limits looked at by `dueAt`, a time of performance.now(). */
  wakeBy(dueAt: number, now: number): void {
    if (dueAt >= this.firesAt) return;
    clearTimeout(this.timer);
    this.firesAt = dueAt;
    this.timer = setTimeout(this.onTimer, Math.min(Math.ceil(dueAt - now), MAX_DELAY_MS));
  }

  /** No call is to come. */
  close(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** Goes over the calls of this moment: they may end meanwhile. */
  [Symbol.iterator](): IterableIterator<Call> {
    return this.calls.slice().values();
  }

  private readonly onTimer = (): void => {
    // After a blocked event loop the timers run before the sockets: bytes that have arrived meanwhile count.
    setImmediate(this.check);
  };

  private readonly check = (): void => {
    const now = performance.now();
    this.timer = undefined;
    this.firesAt = Infinity;
    for (const call of this) if (call.limits.dueAt <= now) call.expire();
    let next = Infinity;
    for (const { limits } of this.calls) next = Math.min(next, limits.dueAt);
    this.wakeBy(next, now);
  };
}
