/**
 * Collects inputs into batches: many inputs, then one `settle` that sends, applies, answers and writes for all of them.
 *
 * @module
 */

/** The parts that batches need. */
interface BatchesOptions {
  /** Ends a batch. */
  readonly settle: () => void;
  /** Calls `action` when the current inputs have been taken; without it each input is a batch of its own. */
  readonly defer: ((action: () => void) => void) | undefined;
  /** Called when an input or a `settle` has thrown: the node must end. */
  readonly onError: (error: Error) => void;
}

/** The batches of one replica. */
export class Batches {
  readonly #options: BatchesOptions;
  #isStopped = false;
  /** Whether `defer` was asked to end the batch. */
  #isDeferred = false;
  #isSettling = false;
  #settlesAgain = false;

  constructor(options: BatchesOptions) {
    this.#options = options;
  }

  /** Takes one input into the batch. An unexpected error ends the node. */
  add<Input>(take: (input: Input) => void, input: Input): void {
    if (this.#isStopped) return;
    try {
      take(input);
      this.schedule();
    } catch (error) {
      this.#options.onError(error as Error);
    }
  }

  /** Ends the batch: now, or when `defer` calls. */
  schedule(): void {
    const { defer } = this.#options;
    if (defer === undefined) this.#settleAll();
    else if (!this.#isDeferred) {
      this.#isDeferred = true;
      defer(this.#endBatch);
    }
  }

  /** Ends the node: no more inputs are taken. */
  stop(): void {
    this.#isStopped = true;
  }

  /**
   * Settles until nothing is left. An answer may bring the next request at once; its batch begins after this one is
   * completely applied and answered.
   */
  #settleAll(): void {
    this.#settlesAgain = true;
    if (this.#isSettling) return;
    this.#isSettling = true;
    try {
      while (this.#settlesAgain && !this.#isStopped) {
        this.#settlesAgain = false;
        this.#options.settle();
      }
    } finally {
      this.#isSettling = false;
    }
  }

  readonly #endBatch = (): void => {
    this.#isDeferred = false;
    if (this.#isStopped) return;
    try {
      this.#options.settle();
    } catch (error) {
      this.#options.onError(error as Error);
    }
  };
}
