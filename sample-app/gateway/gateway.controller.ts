import { Body, Controller, Get, HttpCode, Inject, Post, Res, StreamableFile } from '@nestjs/common';
import {
  ChatStream,
  LlmService,
  markAsEventStream,
  type ChatCompletion,
  type EmbeddingResponse,
} from '../../lib/index.js';
import { llmConfig, type LlmConfig } from '../config/llm.config.js';
import { ClientSignal } from '../../lib/http/index.js';
import { toBase64Embeddings } from './embedding-encoding.js';
import {
  gatewayChatSchema,
  gatewayEmbeddingSchema,
  type GatewayChatBody,
  type GatewayEmbeddingBody,
  type ModelList,
} from './gateway.dto.js';
import { passUpstreamHeaders, type HeaderWriter } from './upstream-headers.js';

/** Load balancers close a connection on which nothing moves, most of them after 30 or 60 s. */
const HEARTBEAT_MS = 15_000;

/**
 * OpenAI's API in front of every provider: `new OpenAI({ baseURL: 'http://127.0.0.1:3000/v1' })` works with it. The
 * server's own keys are used; a key that the client sends is ignored.
 */
@Controller('v1')
export class GatewayController {
  private readonly startedAt = Math.floor(Date.now() / 1000);

  constructor(
    private readonly llm: LlmService,
    @Inject(llmConfig.KEY) private readonly config: LlmConfig,
  ) {}

  @Get('models')
  models(): ModelList {
    const data = this.config.models.map((id) => ({
      id,
      object: 'model' as const,
      created: this.startedAt,
      owned_by: id.split('/', 1)[0]!,
    }));
    return { object: 'list', data };
  }

  @Post('chat/completions')
  @HttpCode(200)
  async complete(
    @Body({ schema: gatewayChatSchema }) body: GatewayChatBody,
    @ClientSignal() signal: AbortSignal,
    @Res({ passthrough: true }) response: HeaderWriter,
  ): Promise<ChatCompletion | StreamableFile> {
    const result = await this.llm.completion(body, { signal });
    passUpstreamHeaders(result.meta, response);
    if (!(result instanceof ChatStream)) return result;
    markAsEventStream(response);
    return new StreamableFile(result.toReadable({ heartbeatMs: HEARTBEAT_MS }));
  }

  @Post('embeddings')
  @HttpCode(200)
  async embed(
    @Body({ schema: gatewayEmbeddingSchema }) body: GatewayEmbeddingBody,
    @ClientSignal() signal: AbortSignal,
    @Res({ passthrough: true }) response: HeaderWriter,
  ): Promise<EmbeddingResponse | EmbeddingResponse<string>> {
    const result = await this.llm.embedding(body, { signal });
    passUpstreamHeaders(result.meta, response);
    return body.encoding_format === 'base64' ? toBase64Embeddings(result) : result;
  }
}
