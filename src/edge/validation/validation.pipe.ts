import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { GatewayError, type FieldError } from '../../kernel/errors/gateway-error.js';

const MAX_REPORTED_ERRORS = 50;

/** Nest's ValidationPipe, strict: unknown properties are refused, and no value that was sent is told back. */
export const strictValidation = (): ValidationPipe =>
  new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) =>
      new GatewayError('validation_failed', { errors: fieldErrors(errors, '').slice(0, MAX_REPORTED_ERRORS) }),
  });

function fieldErrors(errors: readonly ValidationError[], parent: string): FieldError[] {
  return errors.flatMap((error) => {
    const pointer = `${parent}/${error.property.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const own = Object.values(error.constraints ?? {}).map((detail) => ({ pointer, detail: detail.slice(0, 200) }));
    return [...own, ...fieldErrors(error.children ?? [], pointer)];
  });
}
