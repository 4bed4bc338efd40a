/** Where the steps are shown. */
export interface Screen {
  readonly isTerminal: boolean;
  write(text: string): void;
}

const STDOUT: Screen = {
  isTerminal: Deno.stdout.isTerminal(),
  write: (text) => void Deno.stdout.writeSync(new TextEncoder().encode(text)),
};

const FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
const FRAME_MS = 100;

/**
 * Shows steps as they are done, each with what came of it and how long it took: on a terminal with a line
 * that moves while a step is under way, elsewhere with one plain line for each step.
 */
export class Progress {
  #note = "";
  readonly #screen: Screen;

  constructor(screen: Screen = STDOUT) {
    this.#screen = screen;
  }

  /** Runs `work` as the step `name`; what it returns is told behind the name. Errors pass through. */
  async step(name: string, work: () => Promise<string>): Promise<void> {
    const started = performance.now();
    const elapsed = () => formatSeconds(performance.now() - started);
    const stopSpinner = this.#spin(name, elapsed);
    try {
      const outcome = await work();
      stopSpinner();
      this.#line("✓", name, outcome, elapsed());
    } catch (error) {
      stopSpinner();
      this.#line("✗", name, "failed", elapsed());
      throw error;
    }
  }

  /** What the step is at, shown on a terminal only until the next note or the end of the step. */
  note(text: string): void {
    this.#note = text;
  }

  #spin(name: string, elapsed: () => string): () => void {
    this.#note = "";
    if (!this.#screen.isTerminal) return () => {};
    let frame = 0;
    const draw = () => {
      const note = this.#note === "" ? "" : ` · ${this.#note}`;
      const glyph = FRAMES[frame++ % FRAMES.length];
      this.#screen.write(`\r\x1b[K${glyph} ${`${name}${note}`.slice(0, 68)} ${elapsed()}`);
    };
    draw();
    const timer = setInterval(draw, FRAME_MS);
    return () => {
      clearInterval(timer);
      this.#screen.write("\r\x1b[K");
    };
  }

  #line(mark: string, name: string, outcome: string, elapsed: string): void {
    this.#screen.write(`${mark} ${name.padEnd(22)} ${elapsed.padStart(7)}  ${outcome}\n`);
  }
}

export function formatSeconds(ms: number): string {
  return ms < 9_950 ? `${(ms / 1000).toFixed(2)} s` : `${(ms / 1000).toFixed(1)} s`;
}
