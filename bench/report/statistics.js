/** @param {number[]} values */
export function median(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return NaN;
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The figures of several rounds as `{ median, min, max }` by name; nested objects stay nested. */
export function summarize(rounds) {
  const [first] = rounds;
  if (typeof first === 'number') {
    return { median: median(rounds), min: Math.min(...rounds), max: Math.max(...rounds) };
  }
  return Object.fromEntries(
    Object.keys(first).map((name) => [name, summarize(rounds.map((round) => round[name]))]),
  );
}

/**
 * The ratio of two contenders: the median of the rounds' own ratios, since what disturbs a machine disturbs
 * neighbouring cells alike.
 *
 * @param {number[]} values
 * @param {number[]} references of the same rounds
 */
export function ratio(values, references) {
  return median(values.map((value, index) => value / references[index]));
}
