import { ValidationPipe, type ArgumentMetadata, type ValidationError } from '@nestjs/common';
import { GatewayError, type FieldError } from '../../kernel/errors/gateway-error.js';

const MAX_REPORTED_ERRORS = 50;
const MAX_DETAIL_CHARACTERS = 200;

/** What stands for the body where the route streams it on; there is nothing to validate then. */
export const STREAMED_BODY = Symbol('streamed body');

/** Nest's ValidationPipe, strict: unknown properties are refused, and no value that was sent is told back. */
export class StrictValidationPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
      validationError: { target: false, value: false },
      exceptionFactory: (errors) =>
        new GatewayError('validation_failed', { errors: fieldErrors(errors, '').slice(0, MAX_REPORTED_ERRORS) }),
    });
  }

  // Identifiers of the path are held to their allow-list before any pipe runs; only bodies and queries have a form.
  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (value === STREAMED_BODY || metadata.type === 'param' || metadata.type === 'custom')
      return value as Promise<unknown>;
    if (metadata.type === 'query') return this.#transformQuery(value, metadata);
    return super.transform(value, metadata) as Promise<unknown>;
  }

  async #transformQuery(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    try {
      return (await super.transform(value, metadata)) as unknown;
    } catch (cause) {
      if (cause instanceof GatewayError) throw new GatewayError('invalid_query', { errors: cause.errors ?? [], cause });
      throw cause;
    }
  }
}

function fieldErrors(errors: readonly ValidationError[], parent: string): FieldError[] {
  return errors.flatMap((error) => {
    const pointer = `${parent}/${error.property.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const own = Object.values(error.constraints ?? {}).map((detail) => ({
      pointer,
      detail: detail.slice(0, MAX_DETAIL_CHARACTERS),
    }));
    return [...own, ...fieldErrors(error.children ?? [], pointer)];
  });
}
