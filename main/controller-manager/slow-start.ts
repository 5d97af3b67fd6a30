/**
 * Runs `count` calls in batches of 1, 2, 4, … each batch in parallel, and stops after the first batch with a failure
 * (upstream: slowStartBatch). A quota or admission error then costs one refused request, not hundreds.
 */
export async function slowStartBatch(
  count: number,
  call: (index: number) => Promise<void>,
): Promise<{ readonly succeeded: number; readonly error?: unknown }> {
  let succeeded = 0;
  let started = 0;
  for (let batch = 1; started < count; batch *= 2) {
    const size = Math.min(batch, count - started);
    const results = await Promise.allSettled(Array.from({ length: size }, (_, i) => call(started + i)));
    started += size;
    const failed = results.find((result) => result.status === 'rejected');
    succeeded += results.filter((result) => result.status === 'fulfilled').length;
    if (failed !== undefined) return { succeeded, error: failed.reason };
  }
  return { succeeded };
}
