import { Inject } from '@nestjs/common';
import { getLlmServiceToken } from '../get-token.util.js';

/**
 * Injects the `LlmService` of an instance of the module.
 *
 * @publicApi
 */
export const InjectLlm = (name?: string): ReturnType<typeof Inject> => Inject(getLlmServiceToken(name));
