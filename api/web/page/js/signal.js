// A signal: tells whoever listens that something happened.

export class Signal {
  #listeners = new Set();

  /** Call a function at each event; returns what ends that. */
  on(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tell everybody who listens now. */
  emit(...values) {
    for (const listener of [...this.#listeners]) listener(...values);
  }

  /** A promise of the next event; ends with the abort signal's reason when that comes first. */
  next(abort) {
    return new Promise((resolve, reject) => {
      if (abort?.aborted) return reject(abort.reason);
      const off = this.on((value) => {
        off();
        resolve(value);
      });
      abort?.addEventListener("abort", () => (off(), reject(abort.reason)), { once: true });
      return undefined;
    });
  }
}
