import type { ChatRequest } from '../../../operations/chat/chat-request.interface.js';
import type { FormatContext } from '../../provider-adapter.interface.js';
import { isFields, type Fields } from '../fields.js';
import { refuse } from '../params.js';
import { canForceTools, claudeSampling, claudeTraits, isClaude } from './claude.js';
import { refusePrefill, wantedThinking } from './claude-thinking.js';
import { geminiTraits, isGemini } from './gemini.js';

/**
 * What a Claude or a Gemini does not take, behind a gateway that has OpenAI's format for it: the gateway hands it on, and the
 * model's maker refuses it.
 *
 * @param body in OpenAI's terms
 * @throws {UnsupportedParamsError} naming what the model does not take
 * @throws {BadRequestError} for the begin of an answer that the model does not go on with
 */
export function limitFamilies(body: Fields, context: FormatContext): void {
  const { model } = context;
  if (isClaude(model)) limitClaude(body, context);
  else if (isGemini(model)) limitGemini(body, context);
}

function limitClaude(body: Fields, context: FormatContext): void {
  const request = body as unknown as ChatRequest;
  if (!Array.isArray(request.messages)) return;
  const traits = claudeTraits(context.model);
  const thinks = wantedThinking(request, traits);
  const sampling: Fields = { ...claudeSampling(request, traits, thinks !== undefined, context) };
  for (const name of ['temperature', 'top_p']) {
    if (body[name] !== undefined && sampling[name] === undefined) body[name] = undefined;
  }
  if (isForced(body['tool_choice']) && !canForceTools(traits, thinks)) {
    refuse(
      ['tool_choice'],
      context,
      thinks === undefined ? `that forces ${context.model}` : 'that forces a model which thinks',
    );
    body['tool_choice'] = 'auto';
  }
  refusePrefill(request, traits, context);
}

function isForced(choice: unknown): boolean {
  if (!isFields(choice)) return choice === 'required';
  const allowed = choice['allowed_tools'];
  return isFields(allowed) ? allowed['mode'] === 'required' : true;
}

/** @see {@link https://ai.google.dev/gemini-api/docs/structured-output} */
function limitGemini(body: Fields, context: FormatContext): void {
  const { combinesFunctions } = geminiTraits(context.model);
  const format = body['response_format'];
  const isJson = isFields(format) && format['type'] !== 'text';
  if (combinesFunctions || !isJson || body['tools'] === undefined) return;
  refuse(['response_format'], context, `beside tools with ${context.model}`);
  body['response_format'] = undefined;
}
