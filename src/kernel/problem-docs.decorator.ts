import { ApiExtension } from '@nestjs/swagger';
import type { ErrorCode } from './errors/error-codes.js';

export const PROBLEMS_EXTENSION = 'x-genoflow-problems';
export const BACKEND_PROBLEMS_EXTENSION = 'x-genoflow-backend-problems';

/** Documents problems of the gateway's own that a route gives beside those its declaration implies. */
export const ApiProblems = (...codes: ErrorCode[]): MethodDecorator => ApiExtension(PROBLEMS_EXTENSION, codes);

/** Codes of problem documents that pass through from the backend, by status. */
export type BackendProblems = Readonly<Record<number, readonly string[]>>;

export const ApiBackendProblems = (problems: BackendProblems): MethodDecorator =>
  ApiExtension(BACKEND_PROBLEMS_EXTENSION, problems);
