import type { NameRule } from '../kit/tool-calls.js';

/** @see {@link https://platform.claude.com/docs/en/api/messages} `tools.name` */
export const TOOL_NAMES: NameRule = { fits: /^[a-zA-Z0-9_-]{1,128}$/, maxLength: 128 };

/** @see {@link https://platform.claude.com/docs/en/api/messages} `tool_use.id` */
export const CALL_IDS: NameRule = { fits: /^[a-zA-Z0-9_-]{1,64}$/, maxLength: 64 };
