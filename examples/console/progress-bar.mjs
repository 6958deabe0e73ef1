const WIDTH = 28;
const PLAIN_STEP_PERCENT = 25;

/**
 * A line that fills from 0 to 100 %. On a terminal it is redrawn in place; elsewhere a line is printed for each quarter,
 * so that logs stay short.
 */
export class ProgressBar {
  #label;
  #output;
  #lastPercent = -1;
  #lastLine = '';

  /** @param {string} label @param {NodeJS.WriteStream} [output] */
  constructor(label, output = process.stdout) {
    this.#label = label;
    this.#output = output;
  }

  /** @param {number} percent 0..100 @param {string} [note] shown behind the figure */
  show(percent, note = '') {
    const whole = Math.floor(Math.min(100, Math.max(0, percent)));
    const filled = Math.round((whole / 100) * WIDTH);
    const line = `  ${this.#label} [${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${String(whole).padStart(3)} % ${note}`;
    if (line === this.#lastLine) return;
    if (this.#output.isTTY) {
      this.#output.write(`\r\x1b[2K${line}`);
    } else if (this.#isNewQuarter(whole)) {
      this.#output.write(`${line.trimEnd()}\n`);
      this.#lastPercent = whole;
    }
    this.#lastLine = line;
  }

  /** Leaves the line as it stands. */
  end() {
    if (this.#output.isTTY && this.#lastLine !== '') this.#output.write('\n');
  }

  #isNewQuarter(percent) {
    return Math.floor(percent / PLAIN_STEP_PERCENT) > Math.floor(this.#lastPercent / PLAIN_STEP_PERCENT);
  }
}
