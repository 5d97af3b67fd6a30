/** The command line was wrong; printed as one line, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
