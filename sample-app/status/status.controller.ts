import { Controller, Get, Header } from '@nestjs/common';
import { StatusService, type Status } from './status.service.js';

@Controller('api')
export class StatusController {
  constructor(private readonly service: StatusService) {}

  @Get('status')
  @Header('Cache-Control', 'no-store')
  status(): Status {
    return this.service.status();
  }
}
