/** The start cannot go on, for a reason that its message tells whoever started it; a stack would tell them nothing. */
export class StartError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StartError';
  }
}
