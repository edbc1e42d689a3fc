import { Logger } from '@nestjs/common';
import { createApp } from './create-app.js';
import { readHttpConfig } from './config/http.config.js';
import { StatusService } from './status/status.service.js';

const logger = new Logger('SampleApp');

async function start(): Promise<void> {
  const { host, port } = readHttpConfig();
  const app = await createApp();
  try {
    await app.listen(port, host);
  } catch (error) {
    await app.close();
    throw error;
  }
  logger.log(app.get(StatusService).describe(await app.getUrl()));
}

start().catch((error: NodeJS.ErrnoException) => {
  const advice = error.code === 'EADDRINUSE' ? '; set PORT to another one' : '';
  logger.error(`The sample did not start: ${error.message}${advice}`);
  process.exitCode = 1;
});
