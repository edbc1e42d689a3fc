import { describe, expect, it } from '@jest/globals';
import { minifySync, transformSync } from '@swc/core';
import { readFileSync } from 'node:fs';
import * as errors from '../../../lib/errors/errors.js';
import { LlmError } from '../../../lib/errors/llm.error.js';

const classes = Object.entries({ ...errors, LlmError }).filter(
  ([, value]) => typeof value === 'function' && (value === LlmError || value.prototype instanceof LlmError),
) as [string, abstract new (...args: never[]) => LlmError][];

describe('the name of an error', () => {
  it.each(classes)(
    '%s is a literal on its prototype, out of the reach of a minifier',
    (name, { prototype }) => {
      expect(Object.getOwnPropertyDescriptor(prototype, 'name')).toMatchObject({
        value: name,
        enumerable: false,
      });
    },
  );

  it('stays when the classes are renamed', () => {
    const file = (name: string) =>
      readFileSync(new URL(`../../../lib/errors/${name}`, import.meta.url), 'utf8');
    const source = [file('llm.error.ts'), file('errors.ts')]
      .join('\n')
      .replace(/^import .*;$/gm, '')
      .replace(/^export /gm, '');
    const parsed = transformSync(source, {
      swcrc: false,
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    });
    const { code } = minifySync(parsed.code, {
      mangle: { toplevel: true },
      compress: { toplevel: true, keep_classnames: false, unused: false },
    });
    expect(code).not.toMatch(/class (RateLimitError|APITimeoutError)\b/);
    expect(code).toMatch(/RateLimitError:\w+/);
  });

  it('of a class of the application is its own', () => {
    class TenantLimitError extends errors.RateLimitError {}
    expect(new TenantLimitError('no').name).toBe('TenantLimitError');
    expect(new errors.RateLimitError('no')).toMatchObject({ name: 'RateLimitError' });
    expect(new errors.RateLimitError('no').stack).toMatch(/^RateLimitError: no/);
  });
});
