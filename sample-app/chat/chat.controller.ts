import { Body, Controller, HttpCode, Post, RequestMethod, Sse, type MessageEvent } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { LlmService, type ChatCompletion } from '../../lib/index.js';
import { ClientSignal } from '../../lib/http/index.js';
import { StatusService } from '../status/status.service.js';
import { chatBodySchema, type ChatBody } from './chat.dto.js';
import { toChatEvents } from './chat-events.js';

@Controller('chat')
export class ChatController {
  constructor(
    private readonly llm: LlmService,
    private readonly status: StatusService,
  ) {}

  @Post()
  @HttpCode(200)
  chat(
    @Body({ schema: chatBodySchema }) body: ChatBody,
    @ClientSignal() signal: AbortSignal,
  ): Promise<ChatCompletion> {
    return this.llm.completion(body, { signal });
  }

  /** The promise settles with the upstream's headers, so its 401 or 429 is still this route's status. */
  @Sse('stream', { method: RequestMethod.POST })
  @HttpCode(200)
  async stream(
    @Body({ schema: chatBodySchema }) body: ChatBody,
    @ClientSignal() signal: AbortSignal,
  ): Promise<Observable<MessageEvent>> {
    const stream = await this.llm.completion({ ...body, stream: true }, { signal });
    return toChatEvents(stream, this.status.session().kind);
  }
}
