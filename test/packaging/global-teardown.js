import { rmSync } from 'node:fs';

export default function teardown() {
  const directory = process.env.NESTJS_LLM_PACKAGING_DIR;
  if (directory) rmSync(directory, { recursive: true, force: true });
}
