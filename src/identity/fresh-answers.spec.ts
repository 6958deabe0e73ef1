import { ManualClock } from '../../test/support/manual-clock.js';
import { SharedRedis, type ChannelFollower } from '../state/shared-redis.js';
import { FreshAnswers } from './fresh-answers.js';

class OneChannel extends SharedRedis {
  override readonly client = undefined;
  override readonly available = true;
  follower: ChannelFollower | undefined;

  override ask(): Promise<never> {
    return Promise.reject(new Error('there is no Redis to ask'));
  }

  override follow(_channel: string, follower: ChannelFollower): () => void {
    this.follower = follower;
    return () => (this.follower = undefined);
  }
}

describe('FreshAnswers', () => {
  let clock: ManualClock;
  let redis: OneChannel;
  let asked: number;
  let answer: () => Promise<string | undefined>;
  let answers: FreshAnswers<string>;

  beforeEach(() => {
    clock = new ManualClock();
    redis = new OneChannel();
    asked = 0;
    answer = () => Promise.resolve('good');
    answers = new FreshAnswers(redis, 'channel', () => ((asked += 1), answer()), clock);
    redis.follower?.following(true);
  });

  it('asks once a second, and answers without a promise meanwhile', async () => {
    expect(await answers.get('key')).toBe('good');
    clock.advance(999);
    expect(answers.get('key')).toBe('good');
    expect(asked).toBe(1);
    clock.advance(1);
    expect(await answers.get('key')).toBe('good');
    expect(asked).toBe(2);
  });

  it('asks once for all who ask at the same time', async () => {
    await Promise.all([answers.get('key'), answers.get('key'), answers.get('key')]);
    expect(asked).toBe(1);
  });

  it('asks again after a message, and after its own drop', async () => {
    await answers.get('key');
    redis.follower?.message('key');
    await answers.get('key');
    answers.drop('key');
    await answers.get('key');
    expect(asked).toBe(3);
  });

  it('does not keep an answer that a message has overtaken', async () => {
    const early = answers.get('key');
    redis.follower?.message('key');
    await early;
    await answers.get('key');
    expect(asked).toBe(2);
  });

  it('keeps nothing while the subscription does not stand, and drops all when it comes or goes', async () => {
    redis.follower?.following(false);
    await answers.get('key');
    await answers.get('key');
    expect(asked).toBe(2);
    redis.follower?.following(true);
    await answers.get('key');
    redis.follower?.following(false);
    await answers.get('key');
    expect(asked).toBe(4);
  });

  it('keeps neither an undefined answer nor a failure', async () => {
    answer = () => Promise.resolve(undefined);
    expect(await answers.get('key')).toBeUndefined();
    answer = () => Promise.reject(new Error('away'));
    await expect(answers.get('key')).rejects.toThrow('away');
    answer = () => Promise.resolve('good');
    expect(await answers.get('key')).toBe('good');
    expect(asked).toBe(3);
  });

  it('follows nothing once it is closed', () => {
    answers.close();
    expect(redis.follower).toBeUndefined();
  });
});
