/**
 * How the daemon's Node is started. The numbers come from measuring, by `npm run bench -- budgets`.
 *
 * V8 would let the young generation grow to 3 × 32 MB on a machine with much memory. A quarter of that collects a little more often, and is
 * faster in sum: what is allocated stays in the processor's cache.
 */
export const daemonNodeFlags: readonly string[] = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=8'];

/**
 * For glibc's malloc; nothing else reads them. One heap for all threads instead of one each, of which every one keeps megabytes for itself:
 * nothing here allocates in many threads at once. And freed memory goes back to the system: by itself glibc raises its limits to the largest
 * block that was ever freed, and then keeps up to twice that; 10,000 ConfigMaps took 12 MB less so, and no request took longer. Blocks of
 * 64 KiB, which every read of a socket begins with, stay below the limit from which each is asked of the kernel. The daemon takes all of it
 * out of its environment again, so that what it starts does not inherit it.
 */
export const daemonEnvironment: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072', MALLOC_MMAP_THRESHOLD_: '98304', MALLOC_TOP_PAD_: '0',
};
