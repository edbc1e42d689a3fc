type Container = Record<string, unknown> | unknown[];

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
const LITERALS: Readonly<Record<string, unknown>> = { true: true, false: false, null: null };

/** Levels: what is nested deeper is not followed. */
const MAX_DEPTH = 500;

/**
 * JSON that comes in pieces, as the value that it is so far. Each character is looked at once, and the value is one object
 * that grows, so that a long answer costs no more a piece than a short one. What stands before the first bracket, a code
 * fence for example, is passed over; a number or a literal counts when its end has come.
 */
export class PartialJson {
  /** `undefined` before the first bracket. */
  value: unknown;
  private readonly stack: Container[] = [];
  private key: string | undefined;
  private text: string | undefined;
  private isKey = false;
  private escape: string | undefined;
  private token = '';
  private done = false;

  /** @returns whether the value has changed */
  push(piece: string): boolean {
    let changed = false;
    for (let at = 0; at < piece.length && !this.done;) {
      if (this.text !== undefined) {
        const from = at;
        at = this.inText(piece, at);
        changed ||= !this.isKey && at > from;
        continue;
      }
      changed = this.outside(piece[at]!) || changed;
      at++;
    }
    if (this.text !== undefined && !this.isKey) this.put(this.text);
    return changed;
  }

  /** @returns where to go on */
  private inText(piece: string, start: number): number {
    let at = start;
    if (this.escape !== undefined) {
      this.escape += piece[at]!;
      this.readEscape();
      return at + 1;
    }
    while (at < piece.length && piece[at] !== '"' && piece[at] !== '\\') at++;
    this.text += piece.slice(start, at);
    if (at === piece.length) return at;
    if (piece[at] === '\\') this.escape = '';
    else this.endText();
    return at + 1;
  }

  private readEscape(): void {
    const escape = this.escape!;
    if (escape[0] === 'u') {
      if (escape.length < 5) return;
      this.text += String.fromCharCode(Number.parseInt(escape.slice(1), 16) || 0xfffd);
    } else this.text += ESCAPES[escape] ?? escape;
    this.escape = undefined;
  }

  private endText(): void {
    const { text } = this;
    this.text = undefined;
    if (this.isKey) this.key = text;
    else this.put(text);
  }

  /** @returns whether the value has changed */
  private outside(char: string): boolean {
    const top = this.stack.at(-1);
    if (top === undefined && char !== '{' && char !== '[') return false;
    switch (char) {
      case '{':
      case '[': {
        const made: Container = char === '{' ? {} : [];
        if (this.stack.length === 0) this.value = made;
        else this.add(made);
        if (this.stack.length === MAX_DEPTH) this.done = true;
        else this.stack.push(made);
        this.key = undefined;
        return true;
      }
      case '}':
      case ']': {
        const changed = this.endToken();
        this.stack.pop();
        this.key = undefined;
        this.done = this.stack.length === 0;
        return changed;
      }
      case ',': {
        const changed = this.endToken();
        this.key = undefined;
        return changed;
      }
      case '"': {
        this.isKey = !Array.isArray(top) && this.key === undefined;
        this.text = '';
        if (this.isKey) return false;
        this.add('');
        return true;
      }
      case ':':
        return false;
      default:
        if (char > ' ') this.token += char;
        else if (this.token !== '') return this.endToken();
        return false;
    }
  }

  private endToken(): boolean {
    const { token } = this;
    if (token === '') return false;
    this.token = '';
    this.add(Object.hasOwn(LITERALS, token) ? LITERALS[token] : Number(token));
    return true;
  }

  /** A value begins. */
  private add(value: unknown): void {
    const top = this.stack.at(-1)!;
    if (Array.isArray(top)) top.push(value);
    else this.set(top, value);
  }

  /** The text that began is this so far. */
  private put(value: unknown): void {
    const top = this.stack.at(-1)!;
    if (Array.isArray(top)) top[top.length - 1] = value;
    else this.set(top, value);
  }

  /** `__proto__` is a name like any other in JSON. */
  private set(top: Record<string, unknown>, value: unknown): void {
    if (this.key === '__proto__')
      Object.defineProperty(top, this.key, { value, enumerable: true, writable: true, configurable: true });
    else if (this.key !== undefined) top[this.key] = value;
  }
}
