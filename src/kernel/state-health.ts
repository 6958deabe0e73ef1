/** Port, implemented by state: whether the shared store answers. Reads a known state, never asks the store. */
export abstract class StateHealth {
  abstract available(): boolean;
}
