import type { LlmMiddleware } from '../../calls/chain.js';
import type { ChatRequest } from '../../operations/chat/chat-request.interface.js';
import { FallbackPlan, goOn } from './fallback-plan.js';
import { StreamTakeover } from './stream-takeover.js';

/**
 * Has other models answer where one failed: the call's `fallbacks`, each of them once. A stream that breaks is taken
 * over before its first content, or, where asked for, after it.
 */
export const fallbacks: LlmMiddleware = async (call, next) => {
  const plan = new FallbackPlan(call.request as ChatRequest, call.options.fallbacks!);
  const takeover = new StreamTakeover(call, plan, next);
  call.takeOver = (error) => takeover.takeOver(error);
  for (;;) {
    try {
      return await next();
    } catch (error) {
      const request = plan.next(error);
      if (request === undefined) throw error;
      goOn(call, request, plan);
    }
  }
};
