import {
  endOfInteger,
  endOfString,
  startWithoutSpace,
  Template,
  type FillIn,
  type JsonPath,
  type LocatedSlot,
  type SlotValues,
} from './json-template.js';

export type { JsonPath };

interface Branch {
  readonly key: string | number;
  readonly node: TemplateNode;
}

interface Slot {
  readonly key: string | number;
  /** Which of the template's slots, in the order of the text. */
  readonly index: number;
}

/** An object or a list of a template: copied for each text, its slots filled in. */
interface TemplateNode {
  readonly value: object;
  readonly branches: readonly Branch[];
  readonly slots: readonly Slot[];
  readonly copy: (node: TemplateNode, values: SlotValues) => object;
}

type Fields = Record<string | number, unknown>;

const COLON = 0x3a;

/** How many places that look like a slot's are tried. */
const MAX_CANDIDATES = 8;

/** Characters; to find the slots of a longer text takes too long. */
const MAX_TEMPLATE_LENGTH = 4096;

/** How many texts a template has to fit before it has paid for itself. */
const WORTH = 16;

/** Misses before a template is made: the first texts of a stream, and its last ones, are often unlike the rest. */
const PATIENCE = 3;

/** Makes a value of its own for each text: a copy of the template's, filled in. */
function copier(value: object, slots: readonly LocatedSlot[]): FillIn {
  const paths = slots.map(({ path }) => path);
  const root = toNode(value, paths, true);
  return (values) => root.copy(root, values);
}

/** Fills in the one value again and again. */
function filler(value: object, slots: readonly LocatedSlot[]): FillIn {
  const holders = slots.map(({ path }) => valueAt(value, path.slice(0, -1)) as Fields);
  const keys = slots.map(({ path }) => path.at(-1)!);
  return (values) => {
    for (let index = 0; index < values.length; index++) holders[index]![keys[index]!] = values[index];
    return value;
  };
}

function fill(made: Fields, { branches, slots }: TemplateNode, values: SlotValues): object {
  for (let index = 0; index < branches.length; index++) {
    const { key, node } = branches[index]!;
    made[key] = node.copy(node, values);
  }
  for (let index = 0; index < slots.length; index++) {
    const { key, index: slot } = slots[index]!;
    made[key] = values[slot];
  }
  return made;
}

// The same line three times: a spread is fast as long as it meets few shapes, and one for all takes half as long again.

function copyRoot(node: TemplateNode, values: SlotValues): object {
  return fill({ ...node.value }, node, values);
}

function copyBranch(node: TemplateNode, values: SlotValues): object {
  return fill({ ...node.value }, node, values);
}

function copyLeaf(node: TemplateNode, values: SlotValues): object {
  return fill({ ...node.value }, node, values);
}

function copyList(node: TemplateNode, values: SlotValues): object {
  return fill((node.value as Fields[]).slice() as unknown as Fields, node, values);
}

function toNode(value: object, paths: readonly (JsonPath | undefined)[], isRoot = false): TemplateNode {
  const branches: Branch[] = [];
  const slots: Slot[] = [];
  const isList = Array.isArray(value);
  for (const [name, child] of Object.entries(value)) {
    const key = isList ? Number(name) : name;
    const below = paths.map((path) => (path?.[0] === key ? path.slice(1) : undefined));
    const index = below.findIndex((path) => path?.length === 0);
    if (index !== -1) slots.push({ key, index });
    else if (isObject(child)) branches.push({ key, node: toNode(child, below) });
  }
  const copyObject = isRoot ? copyRoot : branches.length > 0 ? copyBranch : copyLeaf;
  return { value, branches, slots, copy: isList ? copyList : copyObject };
}

export interface JsonSeriesOptions {
  /** Where strings are that nobody reads: they need not be copied out of their text. */
  readonly padding?: readonly JsonPath[];
  /**
   * Whether the values of like texts are one object, filled in anew for each: for those who have read it before they
   * parse the next text, and change nothing in it. What they keep of it has to be strings, numbers, and objects without
   * any of the paths, which are the same in all like texts. Default false.
   */
  readonly reused?: boolean;
}

/**
 * Parses JSON texts that follow each other in one stream and differ in a few strings and numbers only, as the chunks of
 * a completion do. What `parse()` returns is what `JSON.parse()` returns; it takes a third of the time for a text that is
 * like an earlier one: three quarters of all that a streamed chunk costs are JSON.parse.
 */
export class JsonSeries {
  /** Two, for texts of two kinds that take turns; the one that fitted last is the first. */
  private first: Template | undefined;
  private second: Template | undefined;
  /** Since the latest template was made. */
  private hits = 0;
  private misses = 0;
  /** How many misses there have to be for the next template. */
  private patience = PATIENCE;

  /**
   * @param paths where the strings and numbers may be that change, all of them fields of objects; those that a text does
   *   not have are passed over, and a text without any of the strings is like no other
   */
  constructor(
    private readonly paths: readonly JsonPath[],
    private readonly options: JsonSeriesOptions = {},
  ) {}

  /** @throws {SyntaxError} as JSON.parse() does */
  parse(text: string): unknown {
    let known = this.first?.parse(text);
    if (known === undefined && this.second !== undefined) {
      known = this.second.parse(text);
      if (known !== undefined) [this.first, this.second] = [this.second, this.first];
    }
    if (known !== undefined) {
      this.hits++;
      return known;
    }
    const value: unknown = JSON.parse(text);
    this.misses++;
    this.learn(text, value);
    return value;
  }

  /** A template costs what parsing a few texts does: the longer nothing fits, the more seldom one is made. */
  private learn(text: string, value: unknown): void {
    if (this.hits >= WORTH) this.patience = PATIENCE;
    if (this.misses < this.patience || text.length > MAX_TEMPLATE_LENGTH) return;
    if (!isObject(value) || !this.paths.some((path) => typeof valueAt(value, path) === 'string')) return;
    this.hits = 0;
    this.misses = 0;
    this.patience *= 2;
    const template = this.createTemplate(text, value);
    if (template === undefined) return;
    this.second = this.first;
    this.first = template;
  }

  private createTemplate(text: string, value: object): Template | undefined {
    if (!isCopyable(value)) return undefined;
    const { padding, reused } = this.options;
    const slots = [...this.paths, ...(padding ?? [])]
      .map((path) => locate(text, path, valueAt(value, path), padding?.includes(path) === true))
      .filter((slot) => slot !== undefined)
      .sort((a, b) => a.from - b.from);
    if (slots.length === 0) return undefined;
    // Apart from the value, which is the consumer's and may be changed.
    const own = JSON.parse(text) as object;
    return new Template(text, slots, reused === true ? filler(own, slots) : copier(own, slots));
  }
}

/**
 * Finds the string or the digits of the text that are the value at `path`: those with which the value there changes. The
 * same name may stand in other places, and twice in one object.
 */
function locate(text: string, path: JsonPath, value: unknown, isPadding: boolean): LocatedSlot | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const isNumber = typeof value === 'number';
  const kind = isNumber ? 'number' : isPadding ? 'view' : 'string';
  const other = isNumber ? value + 1 : `${value}~`;
  const name = JSON.stringify(path.at(-1));
  let at = text.indexOf(name);
  for (let tries = 0; at !== -1 && tries < MAX_CANDIDATES; tries++) {
    const colon = startWithoutSpace(text, at + name.length);
    at = text.indexOf(name, at + 1);
    if (text.charCodeAt(colon) !== COLON) continue;
    const start = startWithoutSpace(text, colon + 1);
    const from = isNumber ? start : start + 1;
    const to = isNumber ? endOfInteger(text, from) : endOfString(text, from);
    if (to === -1) continue;
    const put = isNumber ? String(other) : JSON.stringify(other).slice(1, -1);
    try {
      const changed: unknown = JSON.parse(text.slice(0, from) + put + text.slice(to));
      if (valueAt(changed, path) === other) return { path, from, to, kind };
    } catch {
      // What looked like the field was a part of a string.
    }
  }
  return undefined;
}

function valueAt(value: unknown, path: JsonPath): unknown {
  let at = value;
  for (const key of path) {
    if (!isObject(at) || !Object.hasOwn(at, key)) return undefined;
    at = (at as Fields)[key];
  }
  return at;
}

/** An assignment to `__proto__` would set the prototype, where JSON.parse() makes a field of that name. */
function isCopyable(value: object): boolean {
  return Object.entries(value).every(
    ([name, child]) => name !== '__proto__' && (!isObject(child) || isCopyable(child)),
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
