/** From the start of the process until a Nest app on Express listens. */
import { performance } from 'node:perf_hooks';
import { importFromRoot } from '../root-packages.js';

const { withModule } = JSON.parse(process.argv[2]);
await importFromRoot('reflect-metadata');
const { Module } = await importFromRoot('@nestjs/common');
const { NestFactory } = await importFromRoot('@nestjs/core');
const imports = [];
if (withModule) {
  const { LlmModule } = await import('../../dist/esm/index.js');
  imports.push(LlmModule.forRoot({ providers: { openai: { apiKey: 'sk-bench' } } }));
}
class AppModule {}
Module({ imports })(AppModule);
const app = await NestFactory.create(AppModule, { logger: false });
await app.listen(0, '127.0.0.1');
process.send({ figures: { ms: performance.now(), rss: process.memoryUsage().rss / 2 ** 20 } }, () =>
  process.exit(),
);
