/**
 * Gathers inputs into batches: many inputs, then one `settle` that sends, applies, answers and writes for all of them.
 *
 * @module
 */

/** What batches need. */
interface BatchesOptions {
  /** Ends a batch. */
  readonly settle: () => void;
  /** Calls `action` when the inputs at hand have been taken in; without it each input is a batch of its own. */
  readonly defer: ((action: () => void) => void) | undefined;
  /** An input or a `settle` has thrown: the node must end. */
  readonly onError: (error: Error) => void;
}

/** The batches of one replica. */
export class Batches {
  readonly #options: BatchesOptions;
  #isStopped = false;
  /** Whether the end of the batch was handed to `defer`. */
  #isDeferred = false;
  #isSettling = false;
  #settlesAgain = false;

  constructor(options: BatchesOptions) {
    this.#options = options;
  }

  /** Takes one input into the batch. An error that nobody expects ends the node. */
  add<Input>(take: (input: Input) => void, input: Input): void {
    if (this.#isStopped) return;
    try {
      take(input);
      this.schedule();
    } catch (error) {
      this.#options.onError(error as Error);
    }
  }

  /** Sees to it that the batch is settled: now, or when `defer` says so. */
  schedule(): void {
    const { defer } = this.#options;
    if (defer === undefined) this.#settleAll();
    else if (!this.#isDeferred) {
      this.#isDeferred = true;
      defer(this.#endBatch);
    }
  }

  /** The node has ended: nothing is taken in any more. */
  stop(): void {
    this.#isStopped = true;
  }

  /**
   * An answer may bring the next request at once: its batch begins when this one is all applied and answered, not in
   * its middle.
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
