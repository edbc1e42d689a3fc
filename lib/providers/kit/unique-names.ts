/** Makes names that no two have, in linear time whatever the names are. */
export class UniqueNames {
  private readonly taken = new Set<string>();
  /** The number to try first for a name that was given before. */
  private readonly next = new Map<string, number>();

  /** @param separator between a name and the number that tells it from an earlier one */
  constructor(private readonly separator: string) {}

  take(name: string): string {
    let unique = name;
    let copy = this.next.get(name) ?? 2;
    while (this.taken.has(unique)) unique = `${name}${this.separator}${copy++}`;
    this.next.set(name, copy);
    this.taken.add(unique);
    return unique;
  }
}
