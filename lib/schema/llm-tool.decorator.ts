import { DiscoveryService } from '@nestjs/core';
import type { AnswerSchema } from './standard-schema.interface.js';

/**
 * What the model is told of a tool.
 *
 * @publicApi
 */
export interface LlmToolOptions {
  /** What the model calls it by: letters, digits, `_` and `-`, 64 at most. */
  name: string;
  /** What it does, and when to use it. */
  description: string;
  /** Of its arguments, of which the method is given the checked value. Default: no arguments. */
  parameters?: AnswerSchema<unknown>;
}

/**
 * Makes a tool of a provider's method: `method(args, context)`. Guards, interceptors, pipes and filters apply as on a route;
 * the execution context is of the type `llm`, and its arguments are those of the method.
 *
 * ```ts
 * @UseGuards(OwnerGuard)
 * @LlmTool({ name: 'find_order', description: 'Finds an order', parameters: z.object({ id: z.string() }) })
 * find({ id }: { id: string }, { user }: Context) { ... }
 * ```
 *
 * @publicApi
 */
export const LlmTool = DiscoveryService.createDecorator<LlmToolOptions>();
