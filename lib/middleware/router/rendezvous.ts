/** FNV-1a with the mixing of MurmurHash3 at the end, 32 bits. */
export function hash(text: string, seed = 0x811c9dc5): number {
  let at = seed;
  for (let index = 0; index < text.length; index++) at = Math.imul(at ^ text.charCodeAt(index), 0x01000193);
  at ^= at >>> 16;
  at = Math.imul(at, 0x85ebca6b);
  at ^= at >>> 13;
  at = Math.imul(at, 0xc2b2ae35);
  at ^= at >>> 16;
  return at >>> 0;
}

/**
 * Weighted rendezvous hashing: whoever has the highest score gets the key, in every process alike and without a store.
 * When one leaves only its own keys move, and they come back with it.
 *
 * @see {@link https://datatracker.ietf.org/doc/html/draft-ietf-bess-weighted-hrw} for weighted rendezvous hashing
 * @param seed of the one that is scored: the hash of its name
 */
export function score(key: string, seed: number, weight: number): number {
  return -weight / Math.log((hash(key, seed) + 1) / 0x1_0000_0001);
}
