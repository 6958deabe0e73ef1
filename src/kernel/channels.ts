import { channel as diagnosticsChannel } from 'node:diagnostics_channel';

/** A typed `node:diagnostics_channel`: mechanisms publish, telemetry and audit listen, neither knows the other. */
export class EventChannel<Message extends object> {
  readonly #channel;

  constructor(readonly name: string) {
    this.#channel = diagnosticsChannel(name);
  }

  get hasSubscribers(): boolean {
    return this.#channel.hasSubscribers;
  }

  publish(message: Message): void {
    if (this.#channel.hasSubscribers) this.#channel.publish(message);
  }

  /** Returns the function that ends the subscription. */
  subscribe(listener: (message: Message) => void): () => void {
    const onMessage = (message: unknown): void => {
      listener(message as Message);
    };
    this.#channel.subscribe(onMessage);
    return () => this.#channel.unsubscribe(onMessage);
  }
}
