/** What one signal ends. An array, for the reason that `ActiveCalls` gives. */
class AbortGroup {
  private readonly links: AbortLink[] = [];

  constructor(private readonly signal: AbortSignal) {}

  add(link: AbortLink): void {
    link.place = this.links.push(link) - 1;
    if (this.links.length === 1) this.signal.addEventListener('abort', this.onAbort, { once: true });
  }

  delete(link: AbortLink): void {
    const last = this.links.pop()!;
    if (last !== link) {
      this.links[link.place] = last;
      last.place = link.place;
    }
    if (this.links.length === 0) this.signal.removeEventListener('abort', this.onAbort);
  }

  private readonly onAbort = (): void => {
    const links = this.links.splice(0);
    for (const link of links) link.place = -1;
    for (const link of links) link.fire();
  };
}

const groups = new WeakMap<AbortSignal, AbortGroup>();

/**
 * A listener of a signal. However many calls share a signal it has one listener of ours, added and removed at constant
 * cost: Node warns of a leak from the eleventh on, and looks through all of them to remove one.
 */
export class AbortLink {
  /** Where its group keeps it; -1 outside. */
  place = -1;
  private readonly group: AbortGroup;
  private onAbort: (() => void) | undefined;

  /** @param signal one that is not aborted yet */
  constructor(signal: AbortSignal, onAbort: () => void) {
    this.onAbort = onAbort;
    let group = groups.get(signal);
    if (group === undefined) groups.set(signal, (group = new AbortGroup(signal)));
    this.group = group;
    group.add(this);
  }

  fire(): void {
    const { onAbort } = this;
    this.onAbort = undefined;
    try {
      onAbort?.();
    } catch (error) {
      // As an event target does it: what one listener throws is not the others' loss.
      process.nextTick(() => {
        throw error;
      });
    }
  }

  unlink(): void {
    this.onAbort = undefined;
    if (this.place === -1) return;
    this.group.delete(this);
    this.place = -1;
  }
}
