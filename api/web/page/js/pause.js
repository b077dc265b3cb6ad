// Pauses that can be cut short.

/** Wait so many milliseconds; rejects with the abort signal's reason when that comes first. */
export function pause(ms, abort) {
  return new Promise((resolve, reject) => {
    if (abort?.aborted) {
      reject(abort.reason);
      return;
    }
    const stop = () => {
      clearTimeout(timer);
      reject(abort.reason);
    };
    const timer = setTimeout(() => {
      abort?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    abort?.addEventListener("abort", stop, { once: true });
  });
}
