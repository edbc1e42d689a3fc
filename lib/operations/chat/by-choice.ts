/** What is known of each choice, by its index. Most streams have one, and a Map for it would be a tenth of all they keep. */
export class ByChoice<State> {
  private firstIndex: number | undefined;
  private first: State | undefined;
  private others: Map<number, State> | undefined;

  get(index: number): State | undefined {
    return index === this.firstIndex ? this.first : this.others?.get(index);
  }

  set(index: number, state: State): void {
    this.firstIndex ??= index;
    if (index === this.firstIndex) this.first = state;
    else (this.others ??= new Map()).set(index, state);
  }

  get size(): number {
    return (this.firstIndex === undefined ? 0 : 1) + (this.others?.size ?? 0);
  }

  /** In the order in which they came. */
  values(): State[] {
    return this.firstIndex === undefined ? [] : [this.first!, ...(this.others?.values() ?? [])];
  }
}
