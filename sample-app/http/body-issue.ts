import type { BaseIssue } from 'valibot';

/** Says what is wrong with a body as a whole, or with a field that is missing or unknown, to whoever sent it. */
export function describeBodyIssue({ path, expected }: BaseIssue<unknown>): string {
  if (path === undefined) return 'the body has to be a JSON object, sent as application/json';
  return expected === 'never' ? 'is not known here' : 'is missing';
}
