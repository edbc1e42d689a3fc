import { Inject } from '@nestjs/common';
import { getHttpSessionToken } from '../get-token.util.js';

/**
 * Injects the HTTP session of an instance of the module.
 *
 * @publicApi
 */
export const InjectHttpSession = (name?: string): ReturnType<typeof Inject> =>
  Inject(getHttpSessionToken(name));
