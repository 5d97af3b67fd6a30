/**
 * How the daemon's Node is started. The numbers come from measuring, by `npm run bench -- budgets`.
 *
 * V8 would let the young generation grow to 3 × 32 MB on a machine with much memory. A quarter of that collects a little more often, and is
 * faster in sum: what is allocated stays in the processor's cache.
 */
export const daemonNodeFlags: readonly string[] = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=8'];

/**
 * For glibc: one heap for all threads instead of one each, of which every one keeps megabytes for itself. Nothing here allocates in many
 * threads at once. The daemon takes it out of its environment again, so that what it starts does not inherit it.
 */
export const daemonEnvironment: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: '1' };
