import { describe, expect, it } from '@jest/globals';
import { CallLimits } from '../../../../lib/transport/exchange/call-limits.js';

describe('the time limits of a call', () => {
  it('are those of the phase and of the whole, whichever is over first', () => {
    const limits = new CallLimits(1000, 100);
    expect(limits.due).toEqual({ limit: 'total', timeoutMs: 1000 });
    limits.start(200, 100);
    expect(limits.dueAt).toBe(300);
    expect(limits.due).toEqual({ limit: 'phase', timeoutMs: 200 });
    limits.restart(1000);
    expect(limits.dueAt).toBe(1100);
    expect(limits.due).toEqual({ limit: 'total', timeoutMs: 1000 });
    expect(limits.remaining(1000)).toBe(100);
  });

  it('are none where they are 0', () => {
    const limits = new CallLimits(0, 100);
    limits.start(0, 100);
    expect(limits.dueAt).toBe(Infinity);
    limits.start(50, 100);
    expect(limits.dueAt).toBe(150);
    expect(limits.remaining(1e9)).toBe(Infinity);
  });
});
