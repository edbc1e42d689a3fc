import { refuse } from '../params.js';
import type { FormatContext } from '../../provider-adapter.interface.js';
import type { Fields } from '../fields.js';

/** Models before 4.3 that always reason, or never do: neither can be told how much. */
const WITHOUT_EFFORT = /^grok-(2|3(?!-mini)|4(?![.-]?\d)|4-0|4[-.]1(?!\d)|code-fast|vision|beta)/;
const REASONS = /^grok-(3-mini|code-fast|[4-9])/;

function nameOf(model: string): string {
  return model.toLowerCase().replace(/^.*\//, '');
}

/**
 * What xAI's models do not take, at any host: penalties and `stop` where they reason, an effort where it is theirs to
 * choose.
 *
 * @see {@link https://docs.x.ai/docs/guides/reasoning}
 * @throws {UnsupportedParamsError}
 */
export function limitGrok(body: Fields, context: FormatContext): void {
  const name = nameOf(context.model);
  if (!name.startsWith('grok-')) return;
  const reasons = REASONS.test(name) && !name.includes('non-reasoning');
  // A model that does not reason has done as it is told.
  if (body['reasoning_effort'] === 'none' && !reasons) body['reasoning_effort'] = undefined;
  const refused = [
    ...(WITHOUT_EFFORT.test(name) && !isAbsent(body['reasoning_effort']) ? ['reasoning_effort'] : []),
    ...(reasons && !isAbsent(body['stop']) ? ['stop'] : []),
    ...(reasons
      ? ['presence_penalty', 'frequency_penalty'].filter((one) => !isAbsent(body[one]) && body[one] !== 0)
      : []),
  ];
  refuse(refused, context);
  for (const one of refused) delete body[one];
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}
