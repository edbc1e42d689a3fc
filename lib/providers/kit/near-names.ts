import { distance } from 'fastest-levenshtein';

/** How many letters may differ for a name to be suggested. */
const NEAR = 3;

/** Characters of a name that can be near another: the distance takes as much time as both names are long, multiplied. */
const LONGEST = 64;

/** @returns the names that `name` may be a slip of, nearest first, five at most */
export function nearNames(name: string, names: readonly string[]): string[] {
  if (name.length > LONGEST) return [];
  return names
    .map((candidate) => ({ candidate, far: candidate.startsWith(name) ? 0 : distance(name, candidate) }))
    .filter(({ candidate, far }) => far <= Math.min(NEAR, candidate.length / 2))
    .sort((a, b) => a.far - b.far)
    .slice(0, 5)
    .map(({ candidate }) => candidate);
}
