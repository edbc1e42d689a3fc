import fc from 'fast-check';

/** A way to spoil bytes: a bit flipped, the end cut off, a piece sent twice, a piece left out. */
export interface ByteMutation {
  readonly kind: 'flip' | 'cut' | 'repeat' | 'drop';
  /** Where, as a share of the whole. */
  readonly at: number;
  readonly length: number;
}

const share = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

export const byteMutation: fc.Arbitrary<ByteMutation> = fc.record({
  kind: fc.constantFrom('flip', 'cut', 'repeat', 'drop'),
  at: share,
  length: fc.integer({ min: 1, max: 300 }),
});

export function mutateBytes(body: Buffer, { kind, at, length }: ByteMutation): Buffer {
  const start = Math.floor(at * body.length);
  const end = Math.min(start + length, body.length);
  switch (kind) {
    case 'cut':
      return body.subarray(0, start);
    case 'drop':
      return Buffer.concat([body.subarray(0, start), body.subarray(end)]);
    case 'repeat':
      return Buffer.concat([body.subarray(0, end), body.subarray(start)]);
    case 'flip': {
      const flipped = Buffer.from(body);
      flipped[start] = flipped[start]! ^ (1 << (length % 8));
      return flipped;
    }
  }
}

/** Another value at one place of a document: which place, each step down says as a share of the fields there. */
export interface ValueMutation {
  readonly path: readonly number[];
  readonly value: unknown;
}

export const valueMutation: fc.Arbitrary<ValueMutation> = fc.record({
  path: fc.array(share, { minLength: 1, maxLength: 7 }),
  value: fc.constantFrom<unknown>(null, 0, -1, 1.5, '', 'x', '{', true, [], [null], ['x'], {}, { text: 1 }),
});

export function mutateValue(document: unknown, { path, value }: ValueMutation): unknown {
  const copy: any = structuredClone(document);
  let parent = copy;
  for (const [index, step] of path.entries()) {
    const keys = Object.keys(parent);
    if (keys.length === 0) break;
    const key = keys[Math.floor(step * keys.length)]!;
    const child = parent[key];
    if (index === path.length - 1 || typeof child !== 'object' || child === null) {
      parent[key] = value;
      break;
    }
    parent = child;
  }
  return copy;
}
