/** A turn of a conversation as a provider gets it, whatever the format. */
export interface SentTurn {
  readonly role: string;
  /** Its parts in their order: texts, and the kinds of the others. */
  readonly parts: readonly SentPart[];
}

export type SentPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'call'; readonly id: string | undefined; readonly name: string; readonly input: unknown }
  | { readonly kind: 'result'; readonly id: string | undefined; readonly content: string }
  | { readonly kind: 'thinking'; readonly signature: string | undefined }
  | { readonly kind: 'media'; readonly json: string };

/** How a test reads what was sent in one format. */
export interface WireView {
  /** The instructions that stand apart from the conversation; a turn of their own where the format has them there. */
  system(body: any): string[];
  turns(body: any): SentTurn[];
  tools(body: any): { readonly name: string; readonly schema: any }[];
  stops(body: any): readonly string[] | undefined;
  /** The names of the tuning fields that are in the body. */
  sampling(body: any): string[];
}

const named = (fields: Record<string, unknown>): string[] =>
  Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name)
    .toSorted();

const listOf = (value: any): any[] => (Array.isArray(value) ? value : []);

function anthropicPart(block: any): SentPart {
  switch (block.type) {
    case 'text':
      return { kind: 'text', text: block.text };
    case 'tool_use':
      return { kind: 'call', id: block.id, name: block.name, input: block.input };
    case 'tool_result':
      return { kind: 'result', id: block.tool_use_id, content: JSON.stringify(block.content ?? '') };
    case 'thinking':
      return { kind: 'thinking', signature: block.signature };
    case 'redacted_thinking':
      return { kind: 'thinking', signature: block.data };
    default:
      return { kind: 'media', json: JSON.stringify(block) };
  }
}

const anthropic: WireView = {
  system: (body) => listOf(body.system).map(({ text }) => text),
  turns: (body) =>
    body.messages.map(({ role, content }: any) => ({ role, parts: content.map(anthropicPart) })),
  tools: (body) => listOf(body.tools).map(({ name, input_schema }) => ({ name, schema: input_schema })),
  stops: (body) => body.stop_sequences,
  sampling: ({ temperature, top_p, top_k }) => named({ temperature, top_p, top_k }),
};

function conversePart(block: any): SentPart {
  if (block.text !== undefined) return { kind: 'text', text: block.text };
  if (block.toolUse) {
    const { toolUseId, name, input } = block.toolUse;
    return { kind: 'call', id: toolUseId, name, input };
  }
  if (block.toolResult) {
    const { toolUseId, content } = block.toolResult;
    return { kind: 'result', id: toolUseId, content: JSON.stringify(content) };
  }
  if (block.reasoningContent) {
    const { reasoningText, redactedContent } = block.reasoningContent;
    return { kind: 'thinking', signature: reasoningText?.signature ?? redactedContent };
  }
  return { kind: 'media', json: JSON.stringify(block) };
}

const converse: WireView = {
  system: (body) => listOf(body.system).flatMap(({ text }) => (text === undefined ? [] : [text])),
  turns: (body) =>
    body.messages.map(({ role, content }: any) => ({ role, parts: content.map(conversePart) })),
  tools: (body) =>
    listOf(body.toolConfig?.tools).flatMap(({ toolSpec }) =>
      toolSpec ? [{ name: toolSpec.name, schema: toolSpec.inputSchema.json }] : [],
    ),
  stops: (body) => body.inferenceConfig?.stopSequences,
  sampling: ({ inferenceConfig: { temperature, topP } = {} as any }) => named({ temperature, top_p: topP }),
};

function geminiPart(part: any): SentPart {
  if (part.thought === true) return { kind: 'thinking', signature: part.thoughtSignature };
  if (part.functionCall) {
    const { id, name, args } = part.functionCall;
    return { kind: 'call', id, name, input: args };
  }
  if (part.functionResponse) {
    const { id, ...rest } = part.functionResponse;
    return { kind: 'result', id, content: JSON.stringify(rest) };
  }
  if (part.text !== undefined) return { kind: 'text', text: part.text };
  return { kind: 'media', json: JSON.stringify(part) };
}

const gemini: WireView = {
  system: (body) => listOf(body.systemInstruction?.parts).map(({ text }) => text),
  turns: (body) => body.contents.map(({ role, parts }: any) => ({ role, parts: parts.map(geminiPart) })),
  tools: (body) =>
    listOf(body.tools)
      .flatMap(({ functionDeclarations }) => listOf(functionDeclarations))
      .map(({ name, parametersJsonSchema, parameters }) => ({
        name,
        schema: parametersJsonSchema ?? parameters,
      })),
  stops: (body) => body.generationConfig?.stopSequences,
  sampling: ({ generationConfig: { temperature, topP, topK } = {} as any }) =>
    named({ temperature, top_p: topP, top_k: topK }),
};

function openAIParts({ role, content, tool_calls, tool_call_id, images }: any): SentPart[] {
  if (role === 'tool') return [{ kind: 'result', id: tool_call_id, content: JSON.stringify(content ?? '') }];
  const parts: SentPart[] = [];
  if (typeof content === 'string') parts.push({ kind: 'text', text: content });
  for (const part of listOf(content)) {
    if (part.type === 'text') parts.push({ kind: 'text', text: part.text });
    else if (part.type === 'thinking') parts.push({ kind: 'thinking', signature: part.signature });
    else parts.push({ kind: 'media', json: JSON.stringify(part) });
  }
  for (const image of listOf(images)) parts.push({ kind: 'media', json: JSON.stringify(image) });
  for (const call of listOf(tool_calls)) {
    const { name, arguments: input } = call.function;
    parts.push({
      kind: 'call',
      id: call.id,
      name,
      input: typeof input === 'string' ? JSON.parse(input) : input,
    });
  }
  return parts;
}

/** OpenAI's own, and those that differ from it in little: Mistral's, Cohere's, Ollama's. */
const openAI: WireView = {
  system: () => [],
  turns: (body) => body.messages.map((message: any) => ({ role: message.role, parts: openAIParts(message) })),
  tools: (body) =>
    listOf(body.tools).map(({ function: { name, parameters } }: any) => ({ name, schema: parameters })),
  stops: (body) => body.stop ?? body.stop_sequences ?? body.options?.stop,
  sampling: ({ temperature, top_p, p, options }) =>
    named({
      temperature: temperature ?? options?.temperature,
      top_p: top_p ?? p ?? options?.top_p,
    }),
};

function responsesTurn(item: any): SentTurn {
  switch (item.type) {
    case 'function_call': {
      const { call_id: id, name, arguments: input } = item;
      return { role: 'assistant', parts: [{ kind: 'call', id, name, input: JSON.parse(input) }] };
    }
    case 'function_call_output':
      return {
        role: 'tool',
        parts: [{ kind: 'result', id: item.call_id, content: JSON.stringify(item.output) }],
      };
    case 'reasoning':
      return { role: 'assistant', parts: [{ kind: 'thinking', signature: item.encrypted_content }] };
    default: {
      const content = typeof item.content === 'string' ? [{ text: item.content }] : listOf(item.content);
      const parts = content.map((part: any): SentPart =>
        typeof part.text === 'string'
          ? { kind: 'text', text: part.text }
          : { kind: 'media', json: JSON.stringify(part) },
      );
      return { role: item.role, parts };
    }
  }
}

const responses: WireView = {
  system: (body) => (typeof body.instructions === 'string' ? [body.instructions] : []),
  turns: (body) => listOf(body.input).map(responsesTurn),
  tools: (body) => listOf(body.tools).map(({ name, parameters }) => ({ name, schema: parameters })),
  stops: () => undefined,
  sampling: ({ temperature, top_p }) => named({ temperature, top_p }),
};

/** Views by the name of the format. */
export const WIRE_VIEWS = { anthropic, converse, gemini, openAI, responses } satisfies Record<
  string,
  WireView
>;

export type Wire = keyof typeof WIRE_VIEWS;

/** The text of a turn, its parts joined. */
export function textOf({ parts }: SentTurn): string {
  return parts.map((part) => (part.kind === 'text' ? part.text : '')).join('');
}
