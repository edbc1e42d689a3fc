export { LlmOutputError, type LlmOutputFault } from './llm-output.error.js';
export type { OutputMode } from './output-request.js';
export { OutputStream, type PartialOutput } from './output-stream.js';
export {
  parse,
  parseStream,
  type OutputRequest,
  type ParseOptions,
  type UnaryParseOptions,
} from './parse.js';
export type { ParsedOutput } from './read-output.js';
export type {
  AnswerSchema,
  JsonSchema,
  OwnSchema,
  SchemaIssue,
  StandardJSONSchema,
} from './standard-schema.interface.js';
export { LlmTool, type LlmToolOptions } from './llm-tool.decorator.js';
export { LlmTools } from './llm-tools.js';
export { LlmToolsModule } from './llm-tools.module.js';
