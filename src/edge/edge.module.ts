import { Module } from '@nestjs/common';
import { MessageGuard } from './body/message.guard.js';
import { Docs } from './openapi/docs.js';
import { ProblemFilter } from './problem/problem.filter.js';
import { ListenerTls } from './server/listener-tls.js';
import { StrictValidationPipe } from './validation/validation.pipe.js';

@Module({
  providers: [Docs, ListenerTls, MessageGuard, ProblemFilter, StrictValidationPipe],
  exports: [Docs, MessageGuard, ProblemFilter, StrictValidationPipe],
})
export class EdgeModule {}
