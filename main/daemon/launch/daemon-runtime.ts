/**
 * How the daemon's Node is started. The numbers come from measuring, by `npm run bench -- budgets`.
 *
 * V8 would let the young generation grow to 3 × 32 MB on a machine with much memory. Half of that is as fast, and what is allocated stays
 * in the processor's cache. One thread collects it: little survives, and waking four of them costs more than they save (a tenth to a quarter
 * of a patch's time on two cores).
 */
export const daemonNodeFlags: readonly string[] = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=16', '--no-parallel-scavenge'];

/**
 * For glibc's malloc; nothing else reads them. One heap for all threads instead of one each, of which every one keeps megabytes for itself:
 * nothing here allocates in many threads at once. And freed memory goes back to the system: by itself glibc raises its limits to the largest
 * block that was ever freed, and then keeps up to twice that, 6 MB after a restart with 10,000 ConfigMaps. Blocks of 64 KiB, which reads and
 * long answers are made of, stay below the limit from which each is asked of the kernel: without that, lists of metadata took half as long
 * again. The daemon takes all of it out of its environment, so that what it starts does not inherit it.
 */
export const daemonEnvironment: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072', MALLOC_MMAP_THRESHOLD_: '98304', MALLOC_TOP_PAD_: '0',
};
