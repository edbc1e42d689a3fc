import type { Call } from './call.js';

/**
 * The calls that have not ended.
 *
 * An array, and no Set: V8 gives a Set whose deleted entries have used it up a new table, to which the old one points.
 * Once one of these tables is in the old generation, all that follow it are kept alive, with every call that was in
 * them, until a full collection: a fifth of the CPU of a unary call.
 */
export class ActiveCalls implements Iterable<Call> {
  private readonly calls: Call[] = [];

  get size(): number {
    return this.calls.length;
  }

  add(call: Call): void {
    call.place = this.calls.push(call) - 1;
  }

  delete(call: Call): void {
    const last = this.calls.pop()!;
    if (last === call) return;
    this.calls[call.place] = last;
    last.place = call.place;
  }

  /** Goes over the calls of this moment: they may end meanwhile. */
  [Symbol.iterator](): IterableIterator<Call> {
    return this.calls.slice().values();
  }
}
