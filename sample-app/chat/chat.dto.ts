import * as v from 'valibot';
import { describeBodyIssue } from '../http/body-issue.js';

const message = v.strictObject({
  role: v.picklist(['system', 'user', 'assistant'], 'has to be system, user or assistant'),
  content: v.string('has to be a text'),
});

/** The body of both chat routes: what the page sends, and no more than that. */
export const chatBodySchema = v.strictObject(
  {
    messages: v.pipe(
      v.array(message, 'has to be an array of chat messages'),
      v.minLength(1, 'has to hold one message at least'),
    ),
    /** `provider/model`; the default one when absent. */
    model: v.optional(v.pipe(v.string('has to be a text'), v.nonEmpty('is empty'))),
  },
  describeBodyIssue,
);

export type ChatBody = v.InferOutput<typeof chatBodySchema>;
