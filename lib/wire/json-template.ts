/** Where a value stands in a parsed JSON text: object keys and list indices from the root. */
export type JsonPath = readonly (string | number)[];

/** A string or a number in a text; a string without its quotes. */
export interface LocatedSlot {
  readonly path: JsonPath;
  readonly from: number;
  readonly to: number;
  readonly kind: SlotKind;
}

/** `view`: a string that may keep the text alive that it was cut from. */
export type SlotKind = 'string' | 'view' | 'number';

/** What stands in the slots of a text, in their order. */
export type SlotValues = readonly (string | number)[];

/** Makes the value of a text of what stands in its slots. */
export type FillIn = (values: SlotValues) => object;

const QUOTE = 0x22;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const BACKSLASH = 0x5c;
const LOWER_E = 0x65;
/** The bit in which a letter differs from its capital. */
const LOWER_CASE = 0x20;
const SPACE = 0x20;

/** V8 copies a piece of a string up to this length; a longer one would keep the text that it was cut from alive. */
const COPIED_LENGTH = 12;

/** A number of no more digits is exact. */
const EXACT_DIGITS = 15;

/** A text taken apart at the strings and numbers that change from text to text of a series. */
export class Template {
  /** The text before, between and behind the slots; each quote belongs to the piece that it adjoins. */
  private readonly pieces: readonly string[];
  private readonly kinds: readonly SlotKind[];
  private readonly values: (string | number)[];
  /** The bracket that closes the text. Anthropic pads its texts with spaces in front of it. */
  private readonly closing: number;

  constructor(
    text: string,
    slots: readonly LocatedSlot[],
    private readonly fillIn: FillIn,
  ) {
    const closingAt = endWithoutSpace(text, text.length) - 1;
    const end = endWithoutSpace(text, closingAt);
    const starts = [0, ...slots.map(({ to }) => to)];
    this.pieces = starts.map((start, index) => flatten(text.slice(start, slots[index]?.from ?? end)));
    this.kinds = slots.map(({ kind }) => kind);
    this.values = slots.map(() => '');
    this.closing = text.charCodeAt(closingAt);
  }

  /** @returns the value of `text`, `undefined` when it is not like the template */
  parse(text: string): unknown {
    const { pieces, kinds } = this;
    const last = pieces.length - 1;
    const closingAt = endWithoutSpace(text, text.length) - 1;
    if (text.charCodeAt(closingAt) !== this.closing) return undefined;
    const end = endWithoutSpace(text, closingAt);
    const lastFrom = end - pieces[last]!.length;
    let from = pieces[0]!.length;
    // Compared as slices: startsWith() takes three times as long, and the last piece is the most likely to differ.
    if (lastFrom < from || text.slice(lastFrom, end) !== pieces[last]) return undefined;
    if (text.slice(0, from) !== pieces[0]) return undefined;
    for (let index = 0; index < last; index++) {
      const kind = kinds[index]!;
      const to =
        kind === 'number' ? this.readNumber(text, from, index) : this.readString(text, from, index, kind);
      if (to === -1) return undefined;
      if (index + 1 === last) {
        if (to !== lastFrom) return undefined;
      } else {
        from = to + pieces[index + 1]!.length;
        if (text.slice(to, from) !== pieces[index + 1]) return undefined;
      }
    }
    return this.fillIn(this.values);
  }

  /** @returns where the string ends; -1 when JSON allows none such */
  private readString(text: string, from: number, slot: number, kind: SlotKind): number {
    const end = kind === 'view' ? text.length : Math.min(from + COPIED_LENGTH + 1, text.length);
    for (let at = from; at < end; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.values[slot] = text.slice(from, at);
        return at;
      }
      if (code < SPACE || code === BACKSLASH) break;
    }
    const to = endOfString(text, from);
    if (to === -1) return -1;
    try {
      this.values[slot] = JSON.parse(text.slice(from - 1, to + 1)) as string;
      return to;
    } catch {
      return -1;
    }
  }

  /** @returns where the number ends; -1 when it is no integer that is exact */
  private readNumber(text: string, from: number, slot: number): number {
    const to = endOfInteger(text, from);
    let value = 0;
    for (let at = from; at < to; at++) value = value * 10 + text.charCodeAt(at) - ZERO;
    this.values[slot] = value;
    return to;
  }
}

/** @returns where the white space begins that ends at `end` */
function endWithoutSpace(text: string, end: number): number {
  let at = end;
  while (isSpace(text.charCodeAt(at - 1))) at--;
  return at;
}

export function startWithoutSpace(text: string, start: number): number {
  let at = start;
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

function isSpace(code: number): boolean {
  return code === SPACE || code === 0x0a || code === 0x0d || code === 0x09;
}

/** @returns where the quote is that ends a string; -1 when there is none */
export function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at + 1)) {
    let before = at;
    while (before > from && text.charCodeAt(before - 1) === BACKSLASH) before--;
    if ((at - before) % 2 === 0) return at;
  }
  return -1;
}

/** @returns where the digits of an integer end; -1 when there are none, too many, or those of another number */
export function endOfInteger(text: string, from: number): number {
  let at = from;
  while (isDigit(text.charCodeAt(at))) at++;
  const length = at - from;
  if (length === 0 || length > EXACT_DIGITS || (length > 1 && text.charCodeAt(from) === ZERO)) return -1;
  const next = text.charCodeAt(at);
  return next === POINT || (next | LOWER_CASE) === LOWER_E ? -1 : at;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

/** A string of its own, rather than a view of the text that it was cut from. */
function flatten(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}
