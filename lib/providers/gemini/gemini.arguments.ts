import type { GeminiPartialArg } from './gemini.wire.js';

type Segment = string | number;

interface Container {
  readonly isList: boolean;
  readonly members: Set<Segment>;
}

/** Elements of a list that may have no piece, before it is rather nonsense. */
const MAX_GAP = 100;

const STEP = /\.([^.[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/y;

/** @throws {SyntaxError} when it is no path of names and positions */
function parsePath(path: string): Segment[] {
  const segments: Segment[] = [];
  STEP.lastIndex = 1;
  while (path.startsWith('$') && STEP.lastIndex < path.length) {
    const match = STEP.exec(path);
    if (match === null) break;
    const [, name, index, single, double] = match;
    if (index !== undefined) segments.push(Number(index));
    else segments.push(name ?? (single ?? double)!.replace(/\\(.)/g, '$1'));
    if (STEP.lastIndex === path.length) return segments;
  }
  throw new SyntaxError(`${JSON.stringify(path.slice(0, 100))} is no path to an argument`);
}

/**
 * Writes the arguments of a call that come in pieces, each with its path, as one JSON text that only grows.
 *
 * @see {@link https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling} for the pieces
 */
export class ArgumentsWriter {
  /** From the outermost one to the one that is written into. */
  private readonly open: Container[] = [];
  private path: readonly Segment[] = [];
  /** The string that is not closed yet is at `path`. */
  private inString = false;

  /**
   * @returns the text that the piece adds
   * @throws {SyntaxError} when the piece belongs where the text has gone past
   */
  write(piece: GeminiPartialArg): string {
    const path = parsePath(String(piece.jsonPath));
    let text = '';
    if (this.inString) {
      if (isSamePath(path, this.path) && typeof piece.stringValue === 'string')
        return this.continueString(piece);
      text += this.closeString();
    }
    text += this.moveTo(path);
    if (typeof piece.stringValue === 'string') {
      this.inString = true;
      return `${text}"${this.continueString(piece)}`;
    }
    return text + JSON.stringify(piece.numberValue ?? piece.boolValue ?? null);
  }

  /** @returns the text that closes what is open */
  end(): string {
    if (this.open.length === 0) return '{}';
    let text = this.inString ? this.closeString() : '';
    for (const { isList } of this.open.toReversed()) text += isList ? ']' : '}';
    return text;
  }

  private continueString({ stringValue, willContinue }: GeminiPartialArg): string {
    const text = JSON.stringify(stringValue).slice(1, -1);
    return willContinue === true ? text : text + this.closeString();
  }

  private closeString(): string {
    this.inString = false;
    return '"';
  }

  /** Closes and opens containers until the value at `path` can be written, its name included. */
  private moveTo(path: readonly Segment[]): string {
    let shared = 0;
    while (shared < path.length - 1 && shared < this.path.length - 1 && path[shared] === this.path[shared])
      shared++;
    let text = '';
    while (this.open.length > shared + 1) text += this.open.pop()!.isList ? ']' : '}';
    for (let depth = shared; depth < path.length; depth++) {
      const segment = path[depth]!;
      let container = this.open[depth];
      if (container === undefined) {
        const isList = typeof segment === 'number';
        container = { isList, members: new Set() };
        this.open.push(container);
        text += isList ? '[' : '{';
      }
      text += this.begin(container, segment);
    }
    this.path = path;
    return text;
  }

  private begin(container: Container, segment: Segment): string {
    const { isList, members } = container;
    if (isList !== (typeof segment === 'number') || members.has(segment))
      throw new SyntaxError(`a piece of an argument for ${JSON.stringify(segment)} comes too late`);
    let text = members.size > 0 ? ',' : '';
    if (typeof segment === 'string') text += `${JSON.stringify(segment)}:`;
    else if (segment - members.size > MAX_GAP)
      throw new SyntaxError(`a piece of an argument is for the position ${segment} of a list`);
    // An element without a piece is empty.
    else
      for (let index = members.size; index < segment; index++) {
        members.add(index);
        text += 'null,';
      }
    members.add(segment);
    return text;
  }
}

function isSamePath(a: readonly Segment[], b: readonly Segment[]): boolean {
  return a.length === b.length && a.every((segment, index) => segment === b[index]);
}
