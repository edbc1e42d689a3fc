import { describe, expect, it } from '@jest/globals';
import { APIConnectionError, InternalServerError, RateLimitError } from '../../../../lib/errors/errors.js';
import { readRetryAfter } from '../../../../lib/errors/retry-after.js';
import { retryDelay } from '../../../../lib/transport/exchange/retry.js';
import { DEFAULT_RETRY } from '../../../../lib/deployments/defaults.js';

const NOW = Date.UTC(2026, 0, 1);

describe('Retry-After', () => {
  it.each<[Record<string, string>, number]>([
    [{ 'retry-after-ms': '250' }, 250],
    [{ 'retry-after': '2' }, 2000],
    [{ 'retry-after': ' 0.5 ' }, 500],
    [{ 'retry-after': new Date(NOW + 3000).toUTCString() }, 3000],
    [{ 'retry-after': new Date(NOW + 3000).toISOString() }, 3000],
    [{ 'retry-after-ms': '0', 'retry-after': '2' }, 2000],
    [{ 'retry-after-ms': 'soon', 'retry-after': '2' }, 2000],
    [{ 'retry-after': '1e308' }, Number.MAX_VALUE],
  ])('%j is a wait', (headers, ms) => {
    expect(readRetryAfter(headers, NOW)).toBe(ms);
  });

  it.each([
    '0',
    '-1',
    '',
    ' ',
    'soon',
    'NaN',
    'Infinity',
    '1e999',
    'abc 2099',
    new Date(NOW - 3000).toUTCString(),
  ])('%j asks for nothing', (value) => {
    expect(readRetryAfter({ 'retry-after': value }, NOW)).toBeUndefined();
    expect(readRetryAfter({ 'retry-after-ms': value }, NOW)).toBeUndefined();
  });

  it.each([undefined, 0, -1])('a hint of %s leaves the usual backoff', (retryAfterMs) => {
    const error = new RateLimitError('slow down', { status: 429, retryable: true, retryAfterMs });
    const retry = { ...DEFAULT_RETRY, maxRetries: 9, baseDelay: 1000, maxDelay: 8000 };
    const delays = Array.from({ length: 50 }, () => retryDelay(retry, error, 4, Infinity)!);
    expect(Math.max(...delays)).toBeGreaterThan(1000);
    expect(Math.max(...delays)).toBeLessThanOrEqual(8000);
  });
});

describe('what may have been billed', () => {
  const options = { ...DEFAULT_RETRY, baseDelay: 1 };

  it.each([504, 520, 524, 527])('a %i is tried again where that is allowed', (status) => {
    const error = new InternalServerError('no answer', { status });
    expect(retryDelay(options, error, 1, Infinity)).toBeNull();
    expect(retryDelay({ ...options, mayBillTwice: true }, error, 1, Infinity)).not.toBeNull();
  });

  it('an answer whose body broke off is not a request without an answer', () => {
    const error = new APIConnectionError('broken', { phase: 'body' });
    expect(retryDelay({ ...options, mayBillTwice: true }, error, 1, Infinity)).toBeNull();
  });
});
