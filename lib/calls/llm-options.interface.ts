import type { DeploymentsOptions } from '../deployments/deployment-options.interface.js';
import type { LlmMiddleware } from './chain.js';

/**
 * Options of a service.
 *
 * @publicApi
 */
export interface LlmOptions extends DeploymentsOptions {
  /** What wraps each call, the first one outermost. */
  middleware?: readonly LlmMiddleware[];
}
