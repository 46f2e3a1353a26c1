/**
 * Waits for what `run` gives, at most so many milliseconds. `run` itself cannot be interrupted; `late` gets what it gives
 * after all when nobody waits any more.
 * @throws what `run` throws, or an Error when time is up.
 */
export async function within<T>(
  milliseconds: number,
  run: () => T | Promise<T>,
  late?: (value: T) => void,
): Promise<T> {
  const result = run();
  if (!(result instanceof Promise)) return result;
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      // Its failure, too, would have nobody to catch it.
      result.then(late, () => {});
      reject(new Error(`took more than ${milliseconds / 1000} seconds`));
    }, milliseconds);
  });
  try {
    return await Promise.race([result, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
