import { Module } from '@nestjs/common';
import { MessageGuard } from './body/message.guard.js';
import { ProblemFilter } from './problem/problem.filter.js';
import { StrictValidationPipe } from './validation/validation.pipe.js';

@Module({
  providers: [MessageGuard, ProblemFilter, StrictValidationPipe],
  exports: [MessageGuard, ProblemFilter, StrictValidationPipe],
})
export class EdgeModule {}
