import type { NameRule } from '../kit/tool-calls.js';

/** @see {@link https://ai.google.dev/api/caching#FunctionDeclaration} `name` */
export const TOOL_NAMES: NameRule = { fits: /^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/, maxLength: 64 };
