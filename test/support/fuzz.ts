/**
 * How long the tests with random inputs run: FUZZ_CASES of each, or FUZZ_MINUTES each, with the seed of a failure in
 * FUZZ_SEED.
 */
const CASES = Number(process.env['FUZZ_CASES'] ?? 400);
const MINUTES = Number(process.env['FUZZ_MINUTES'] ?? 0);

export const SEED = Number(process.env['FUZZ_SEED'] ?? 20_251_125);

/** @param share of the cases, for a test whose cases take longer */
export const fuzzParameters = (share = 1) =>
  MINUTES > 0
    ? { seed: SEED, numRuns: 1_000_000_000, interruptAfterTimeLimit: MINUTES * 60_000 }
    : { seed: SEED, numRuns: Math.ceil(CASES * share) };

export const FUZZ_PARAMETERS = fuzzParameters();

/** Of a test, in milliseconds. */
export const FUZZ_LIMIT_MS = 120_000 + (MINUTES > 0 ? MINUTES * 60_000 : CASES * 20);
