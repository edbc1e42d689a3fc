import type { ChatRequest, ToolChoice } from '../../operations/chat/chat-request.interface.js';
import { BadRequestError } from '../../errors/errors.js';
import { refuse } from '../kit/params.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import { geminiTraits } from '../kit/families/gemini.js';
import { toGeminiSchema } from './gemini.schema.js';
import type { GeminiFunctionCallingConfig, GeminiFunctionDeclaration, GeminiRequest } from './gemini.wire.js';

type Tools = Pick<GeminiRequest, 'tools' | 'toolConfig'>;

/** Translates the functions that the model may call, whether it has to, and the search. */
export function toTools(request: ChatRequest, context: FormatContext): Tools {
  const { tools: asked = [], tool_choice: choice, web_search_options: search } = request;
  if (request.parallel_tool_calls === false) refuse(['parallel_tool_calls'], context);
  if (search?.user_location) refuse(['web_search_options.user_location'], context);
  const tools: GeminiRequest['tools'] = [];
  if (asked.length > 0)
    tools.push({ functionDeclarations: asked.map((tool) => toDeclaration(tool, context)) });
  if (search !== undefined) tools.push({ googleSearch: {} });
  // What a strict function is called with fits its schema: that is what the mode is for.
  const strict = asked.some((tool) => tool.type === 'function' && tool.function.strict === true);
  const config = toCallingConfig(choice, strict);
  return {
    ...(tools.length > 0 && { tools }),
    ...(config !== undefined && asked.length > 0 && { toolConfig: { functionCallingConfig: config } }),
  };
}

type Tool = NonNullable<ChatRequest['tools']>[number];

function toDeclaration(tool: Tool, context: FormatContext): GeminiFunctionDeclaration {
  if (tool.type !== 'function') {
    throw new BadRequestError(
      `${context.provider}: tools: there is no tool of type ${JSON.stringify(tool.type)}; its own ones go into providerOptions.${context.provider}.tools`,
      { provider: context.provider, model: `${context.provider}/${context.model}`, param: 'tools' },
    );
  }
  const { name, description, parameters } = tool.function;
  const declaration: GeminiFunctionDeclaration = { name, ...(description !== undefined && { description }) };
  // A function without parameters has no schema: Gemini refuses an object without properties.
  if (parameters === undefined || isEmptyObject(parameters)) return declaration;
  return geminiTraits(context.model).jsonSchema
    ? { ...declaration, parametersJsonSchema: parameters }
    : { ...declaration, parameters: toGeminiSchema(parameters) };
}

function isEmptyObject(schema: Record<string, unknown>): boolean {
  const { properties } = schema;
  return (
    schema['$ref'] === undefined &&
    schema['additionalProperties'] !== true &&
    typeof schema['additionalProperties'] !== 'object' &&
    (properties === undefined || Object.keys(properties as object).length === 0) &&
    !['anyOf', 'oneOf', 'allOf', 'patternProperties'].some((word) => word in schema)
  );
}

function toCallingConfig(
  choice: ToolChoice | undefined,
  strict: boolean,
): GeminiFunctionCallingConfig | undefined {
  if (choice === undefined) return strict ? { mode: 'VALIDATED' } : undefined;
  if (choice === 'none') return { mode: 'NONE' };
  if (choice === 'auto') return { mode: strict ? 'VALIDATED' : 'AUTO' };
  if (choice === 'required') return { mode: 'ANY' };
  if (choice.type === 'function') return { mode: 'ANY', allowedFunctionNames: [choice.function.name] };
  if (choice.type === 'custom') return { mode: 'ANY', allowedFunctionNames: [choice.custom.name] };
  const { mode, tools } = choice.allowed_tools;
  return {
    // A choice of names needs a mode that checks them; this one leaves the model free to answer in words.
    mode: mode === 'required' ? 'ANY' : 'VALIDATED',
    allowedFunctionNames: tools.map((tool) => (tool['function'] as { name: string }).name),
  };
}
