export { FakeHttpSession } from './fake-http-session.js';
export { FakeRule, type FakeMatch } from './fake-rule.js';
export type { FakeRequest } from './fake-request.js';
export type * from './fake-answer.interface.js';
export type { FakeOperation, WireName } from './wires/wire.interface.js';
export { LlmTestingModule, type LlmTestingOptions } from './llm-testing.module.js';
export { UnexpectedRequestError } from './unexpected-request.error.js';
