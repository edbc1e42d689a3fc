import type { ChatRequest, ToolChoice } from '../../operations/chat/chat-request.interface.js';
import { refusal, refuse } from '../kit/params.js';
import { refuseToolExtras, sentToolName } from '../kit/tool-calls.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import { geminiTraits } from '../kit/families/gemini.js';
import { toGeminiJsonSchema } from './gemini.json-schema.js';
import { TOOL_NAMES } from './gemini.names.js';
import { toGeminiSchema } from './gemini.schema.js';
import type { GeminiFunctionCallingConfig, GeminiFunctionDeclaration, GeminiRequest } from './gemini.wire.js';

type Tools = Pick<GeminiRequest, 'tools' | 'toolConfig'>;

/** Translates the functions that the model may call, whether it has to, and the search. */
export function toTools(request: ChatRequest, context: FormatContext): Tools {
  const { tool_choice: choice } = request;
  const traits = geminiTraits(context.model);
  let { tools: asked = [], web_search_options: search } = request;
  if (asked.length > 0 && !traits.functions) {
    refuse(['tools'], context, `with ${context.model}`);
    asked = [];
  }
  if (asked.length > 0 && search !== undefined && !traits.combinesFunctions) {
    refuse(['web_search_options'], context, `beside tools with ${context.model}`);
    search = undefined;
  }
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
    throw refusal(
      `tools of the type ${JSON.stringify(tool.type)}; its own ones go into providerOptions.${context.provider}.tools`,
      context,
      'tools',
    );
  }
  const { name, description, parameters } = tool.function;
  refuseToolExtras(tool, context);
  const declaration: GeminiFunctionDeclaration = {
    name: sentToolName(name, TOOL_NAMES),
    ...(description !== undefined && { description }),
  };
  // A function without parameters has no schema: Gemini refuses an object without properties.
  if (parameters === undefined || isEmptyObject(parameters)) return declaration;
  return geminiTraits(context.model).jsonSchema
    ? { ...declaration, parametersJsonSchema: toGeminiJsonSchema(parameters) }
    : { ...declaration, parameters: toGeminiSchema(parameters, 'tools', context) };
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
  if (choice.type === 'function')
    return { mode: 'ANY', allowedFunctionNames: [sentToolName(choice.function.name, TOOL_NAMES)] };
  if (choice.type === 'custom')
    return { mode: 'ANY', allowedFunctionNames: [sentToolName(choice.custom.name, TOOL_NAMES)] };
  const { mode, tools } = choice.allowed_tools;
  return {
    // A choice of names needs a mode that checks them; this one leaves the model free to answer in words.
    mode: mode === 'required' ? 'ANY' : 'VALIDATED',
    allowedFunctionNames: tools.map((tool) =>
      sentToolName((tool['function'] as { name: string }).name, TOOL_NAMES),
    ),
  };
}
