import { stateStoreChanged } from '../kernel/events.js';
import { SharedRedis } from './shared-redis.js';
import { StoreAway } from './store-answer.js';

/** State lives in this process: there is no Redis, and nothing that could go away. */
export class InProcessState extends SharedRedis {
  override readonly client = undefined;
  override readonly available = true;

  override ask(): Promise<never> {
    return Promise.reject(new StoreAway());
  }

  override follow(): () => void {
    return () => undefined;
  }

  onModuleInit(): void {
    stateStoreChanged.publish({ store: 'memory', available: true });
  }
}
