import type { OperationDeployment } from '../operation.interface.js';
import {
  answerMaybeList,
  answerMaybeText,
  answerNumber,
  answerObject,
  answerText,
  wrongAnswer,
} from '../answer-checks.js';
import type { ChatCompletion, ChatCompletionChoice, CompletionUsage } from './chat-completion.interface.js';

/** Choices of one answer: twice the most that OpenAI gives. */
export const MAX_CHOICES = 256;

type Limits = Pick<OperationDeployment['limits'], 'toolCalls'>;

/**
 * Checks what an adapter made of a document: no field goes to the caller with another type than it is declared with.
 *
 * @throws {APIResponseValidationError} naming the field
 */
export function readCompletion(
  completion: ChatCompletion | undefined,
  limits: Limits,
): ChatCompletion | undefined {
  if (completion === undefined) return undefined;
  const { id, created, model, choices, usage } = completion;
  answerText(id, 'id');
  answerNumber(created, 'created');
  answerText(model, 'model');
  if (choices.length > MAX_CHOICES) throw tooManyChoices();
  for (let at = 0; at < choices.length; at++) checkChoice(choices[at]!, `choices[${at}]`, limits);
  if (usage !== undefined && usage !== null) checkUsage(usage);
  return completion;
}

export function tooManyChoices() {
  return wrongAnswer(`the answer has more than ${MAX_CHOICES} choices`, 'too_many_choices');
}

export function tooManyToolCalls(toolCalls: number) {
  return wrongAnswer(
    `the answer has more than ${toolCalls} tool calls (defaults.limits.toolCalls)`,
    'too_many_tool_calls',
  );
}

function checkChoice(
  { index, message, finish_reason: reason }: ChatCompletionChoice,
  place: string,
  limits: Limits,
): void {
  answerNumber(index, `${place}.index`);
  answerMaybeText(reason, `${place}.finish_reason`);
  answerObject(message, `${place}.message`);
  const { content, refusal, reasoning_content: reasoning, tool_calls: calls } = message;
  answerMaybeText(content, `${place}.message.content`);
  answerMaybeText(refusal, `${place}.message.refusal`);
  answerMaybeText(reasoning, `${place}.message.reasoning_content`);
  answerMaybeList(message.annotations, `${place}.message.annotations`);
  answerMaybeList(message.thinking_blocks, `${place}.message.thinking_blocks`);
  answerMaybeList(calls, `${place}.message.tool_calls`);
  if (!calls) return;
  if (calls.length > limits.toolCalls) throw tooManyToolCalls(limits.toolCalls);
  for (let at = 0; at < calls.length; at++) checkToolCall(calls[at], `${place}.message.tool_calls[${at}]`);
}

function checkToolCall(value: unknown, place: string): void {
  const call = answerObject(value, place);
  const { id, type } = call;
  answerText(id, `${place}.id`);
  answerText(type, `${place}.type`);
  if (type === 'custom') {
    const { name, input } = answerObject(call['custom'], `${place}.custom`);
    answerText(name, `${place}.custom.name`);
    answerText(input, `${place}.custom.input`);
  } else if (type === 'function') {
    const called = answerObject(call['function'], `${place}.function`);
    answerText(called['name'], `${place}.function.name`);
    answerText(called['arguments'], `${place}.function.arguments`);
  }
}

const COUNTS = ['prompt_tokens', 'completion_tokens', 'total_tokens'] as const;

/** Some servers count a part only. */
export function checkUsage(usage: CompletionUsage): void {
  answerObject(usage, 'usage');
  for (const name of COUNTS) {
    const count: unknown = usage[name];
    if (count !== undefined && count !== null) answerNumber(count, `usage.${name}`);
  }
}
