import type { InjectionToken } from '@nestjs/common';
import { HTTP_SESSION } from './llm.constants.js';
import { LlmHandler } from '../llm.handler.js';
import { LlmService } from '../llm.service.js';
import type { HttpSession } from '../transport/session/http-session.interface.js';

// Symbol.for, so that the tokens are the same ones should an application load both builds of this package.
function named(kind: string, name: string | undefined): symbol {
  return Symbol.for(name === undefined ? `nestjs-llm:${kind}` : `nestjs-llm:${kind}:${name}`);
}

/**
 * Token of the session of an instance of the module.
 *
 * @publicApi
 */
export function getHttpSessionToken(name?: string): InjectionToken<HttpSession> {
  return name === undefined ? HTTP_SESSION : named('HTTP_SESSION', name);
}

/**
 * Token of the `LlmService` of an instance of the module: the class itself for the unnamed one.
 *
 * @publicApi
 */
export function getLlmServiceToken(name?: string): InjectionToken<LlmService> {
  return name === undefined ? LlmService : named('LlmService', name);
}

/**
 * Token of the `LlmHandler` of an instance of the module: the class itself for the unnamed one.
 *
 * @publicApi
 */
export function getLlmHandlerToken(name?: string): InjectionToken<LlmHandler> {
  return name === undefined ? LlmHandler : named('LlmHandler', name);
}

/** Token of the validated options of an instance. */
export function getLlmOptionsToken(name: string | undefined): symbol {
  return named('OPTIONS', name);
}

/** Token of what knows which session the module made. */
export function getSessionOwnerToken(name: string | undefined): symbol {
  return named('SESSION_OWNER', name);
}

/** Token of what looks whether there is one session, and its options count. */
export function getSessionCheckToken(name: string | undefined): symbol {
  return named('SESSION_CHECK', name);
}

/** Token of what ends the calls and the session at shutdown. */
export function getLlmShutdownToken(name: string | undefined): symbol {
  return named('SHUTDOWN', name);
}

/** Token of what looks for a second instance of the same name. */
export function getDuplicateWarningToken(name: string | undefined): symbol {
  return named('DUPLICATE_WARNING', name);
}

/** Token of what opens connections when the application starts. */
export function getLlmStartupToken(name: string | undefined): symbol {
  return named('STARTUP', name ?? 'default');
}
