import { BadRequestError } from '../../errors/errors.js';
import type { FormatContext } from '../provider-adapter.interface.js';

/** Names of models and resources have none; a proxy might read them before or after it decodes a path. */
// oxlint-disable-next-line no-control-regex
const NEVER_IN_NAME = /[\u0000-\u0020\u007f\\?#%]|\p{Cs}/u;

/**
 * A model's name as a part of a path, out of which it does not lead.
 *
 * @param name the part of the model's name that goes into the path
 * @returns its segments, escaped
 * @throws {BadRequestError} for a name that a server, or a proxy in front of it, could read as another path
 */
export function modelSegments(
  name: string,
  { provider, model }: Pick<FormatContext, 'provider' | 'model'>,
): string[] {
  const segments = name.split('/');
  if (NEVER_IN_NAME.test(name) || segments.some((segment) => /^\.{0,2}$/.test(segment))) {
    throw new BadRequestError(
      `${provider}: ${JSON.stringify(model.slice(0, 200))} cannot be the name of a model: names are parts of a path, and this one would change it`,
      { provider, model: `${provider}/${model}`, param: 'model', code: 'invalid_model' },
    );
  }
  return segments.map((segment) => encodeURIComponent(segment).replaceAll('%40', '@'));
}
