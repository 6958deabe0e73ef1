import { Injectable, type INestApplication, type OnModuleInit } from '@nestjs/common';
import { serveDocs } from './serve-docs.js';

/**
 * Serves the documentation once the routes are in place. Express asks its layers in order, so what stands before the
 * routes costs every request; Nest runs this hook after it has registered them and before the answer for the unknown.
 */
@Injectable()
export class Docs implements OnModuleInit {
  #app: INestApplication | undefined;

  /** To be called before the application is initialised. */
  enableFor(app: INestApplication): void {
    this.#app = app;
  }

  onModuleInit(): void {
    if (this.#app !== undefined) serveDocs(this.#app);
  }
}
