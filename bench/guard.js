/** The regression guard: the ratios of a small run against the recorded ones. */
import { ratio } from './report/statistics.js';

/** How many times the recorded ratio is allowed: CPU on shared machines is noisy, the others hardly vary. */
const LIMITS = { cpu: 1.5, overhead: 1.25, allocations: 1.25 };

/** @returns the ratios of ours to `undici.request`, without sockets to a bare handler, by row and figure */
export function guardOf({ calls, overhead, allocations }) {
  return Object.fromEntries(
    Object.entries(calls).map(([row, contenders]) => {
      const cpu = (name) => contenders[name].rounds.map((round) => round[32].cpu);
      const bytes = (name) => allocations[row][name].rounds.map((round) => round.bytes);
      return [
        row,
        {
          cpu: round(ratio(cpu('nestjs-llm'), cpu('request'))),
          overhead: round(overhead[row]['nestjs-llm'].ns.min / overhead[row].dispatch.ns.min),
          allocations: round(ratio(bytes('nestjs-llm'), bytes('request'))),
        },
      ];
    }),
  );
}

/** Prints the comparison. @returns what is worse than allowed */
export function compareWithGuard(now, recorded) {
  const failures = [];
  console.log('ratio                        now  recorded');
  for (const [row, figures] of Object.entries(now)) {
    for (const [figure, value] of Object.entries(figures)) {
      const before = recorded[row]?.[figure];
      const name = `${row}, ${figure}`;
      console.log(`${name.padEnd(26)} ${value.toFixed(2).padStart(5)} ${String(before).padStart(9)}`);
      if (before !== undefined && value > before * LIMITS[figure]) {
        failures.push(`${name}: ${value}, which is more than ${LIMITS[figure]} times the recorded ${before}`);
      }
    }
  }
  return failures;
}

/** The smaller of each figure of two runs. */
export function better(one, other) {
  return Object.fromEntries(
    Object.entries(one).map(([row, figures]) => [
      row,
      Object.fromEntries(
        Object.entries(figures).map(([figure, value]) => [
          figure,
          Math.min(value, other[row]?.[figure] ?? value),
        ]),
      ),
    ]),
  );
}

const round = (value) => Number(value.toFixed(3));
