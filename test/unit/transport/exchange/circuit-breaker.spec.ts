import { describe, expect, it } from '@jest/globals';
import { CircuitBreaker } from '../../../../lib/transport/exchange/circuit-breaker.js';

const OPEN_MS = 1000;

function opened(): CircuitBreaker {
  const circuit = new CircuitBreaker({ failures: 2, openMs: OPEN_MS });
  for (const now of [0, 0]) {
    expect(circuit.admit(now)).toBe(0);
    circuit.onFailure(now);
  }
  return circuit;
}

describe('the circuit', () => {
  it('opens at the last of so many failures in a row', () => {
    const circuit = new CircuitBreaker({ failures: 2, openMs: OPEN_MS });
    circuit.onFailure(0);
    circuit.onSuccess();
    circuit.onFailure(0);
    expect(circuit.stats(0)).toEqual({ state: 'closed', failures: 1, opensForMs: 0 });
    circuit.onFailure(0);
    expect(circuit.stats(0)).toEqual({ state: 'open', failures: 2, opensForMs: OPEN_MS });
    expect(circuit.admit(400)).toBe(600);
  });

  it('lets one call through when its time is over, and tells the others when to come back', () => {
    const circuit = opened();
    expect(circuit.admit(OPEN_MS)).toBe(0);
    expect(circuit.stats(OPEN_MS).state).toBe('half-open');
    expect(circuit.admit(OPEN_MS)).toBe(OPEN_MS);
    circuit.onSuccess();
    expect(circuit.stats(OPEN_MS)).toEqual({ state: 'closed', failures: 0, opensForMs: 0 });
    expect([circuit.admit(OPEN_MS), circuit.admit(OPEN_MS)]).toEqual([0, 0]);
  });

  it('opens again when that call fails, and lets another try when it says nothing', () => {
    const circuit = opened();
    circuit.admit(OPEN_MS);
    circuit.onFailure(OPEN_MS);
    expect(circuit.admit(2 * OPEN_MS - 1)).toBe(1);
    expect(circuit.admit(2 * OPEN_MS)).toBe(0);
    circuit.onNeutral();
    expect(circuit.admit(2 * OPEN_MS)).toBe(0);
  });

  it.each([
    [500, OPEN_MS],
    [3000, 3000],
    [60_000, 6 * OPEN_MS],
  ])('is open for what the provider asks for, within bounds: %i', (retryAfterMs, opensForMs) => {
    const circuit = new CircuitBreaker({ failures: 1, openMs: OPEN_MS });
    circuit.onFailure(0, retryAfterMs);
    expect(circuit.stats(0).opensForMs).toBe(opensForMs);
  });
});
