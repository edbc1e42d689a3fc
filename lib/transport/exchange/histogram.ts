/** Milliseconds: 10, 20, 40 ... 327,680, since a model that thinks may take minutes. */
const BOUNDS_MS: readonly number[] = Array.from({ length: 16 }, (_none, power) => 10 * 2 ** power);

/**
 * How long something took, in fixed buckets.
 *
 * @publicApi
 */
export interface HistogramStats {
  readonly count: number;
  /** Milliseconds of all together. */
  readonly sumMs: number;
  /**
   * How many took `leMs` milliseconds or less; each bucket has those of the ones before it in it, as Prometheus counts. What
   * took longer than the last one is in `count` alone.
   */
  readonly buckets: readonly { readonly leMs: number; readonly count: number }[];
}

/** Counts durations, in an array of the same size for ever. */
export class Histogram {
  private readonly counts = new Uint32Array(BOUNDS_MS.length);
  private count = 0;
  private sumMs = 0;

  record(ms: number): void {
    this.count++;
    this.sumMs += ms;
    const place = ms <= 10 ? 0 : Math.ceil(Math.log2(ms / 10));
    if (place < this.counts.length) this.counts[place]!++;
  }

  stats(): HistogramStats {
    let sum = 0;
    const buckets = BOUNDS_MS.map((leMs, place) => ({ leMs, count: (sum += this.counts[place]!) }));
    return { count: this.count, sumMs: this.sumMs, buckets };
  }
}
