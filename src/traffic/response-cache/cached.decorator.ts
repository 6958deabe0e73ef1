import { UseInterceptors } from '@nestjs/common';
import { ResponseCacheInterceptor } from './response-cache.interceptor.js';

/**
 * Lets a GET be answered from the response cache. Only for answers that are the same for all who hold the same roles:
 * the key knows path, query and roles, not the user.
 */
export const Cached = (): MethodDecorator => UseInterceptors(ResponseCacheInterceptor);
