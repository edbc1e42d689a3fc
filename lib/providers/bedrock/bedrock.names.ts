import type { NameRule } from '../kit/tool-calls.js';

/** @see {@link https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolSpecification.html} */
export const TOOL_NAMES: NameRule = { fits: /^[a-zA-Z0-9_-]{1,64}$/, maxLength: 64 };

/** @see {@link https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolUseBlock.html} */
export const CALL_IDS: NameRule = { fits: /^[a-zA-Z0-9_.:-]{1,64}$/, maxLength: 64 };
