/** What the desktop shell needs to know of the daemon's files. */
export { dataDirectory } from '../cluster/data-directory.ts';
