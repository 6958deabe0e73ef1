import { StateHealth } from '../kernel/state-health.js';
import { SharedRedis } from './shared-redis.js';

export class StateStoreHealth extends StateHealth {
  constructor(private readonly redis: SharedRedis) {
    super();
  }

  override available(): boolean {
    return this.redis.available;
  }
}
