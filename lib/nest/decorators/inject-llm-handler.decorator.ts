import { Inject } from '@nestjs/common';
import { getLlmHandlerToken } from '../get-token.util.js';

/**
 * Injects the `LlmHandler` of an instance of the module.
 *
 * @publicApi
 */
export const InjectLlmHandler = (name?: string): ReturnType<typeof Inject> =>
  Inject(getLlmHandlerToken(name));
