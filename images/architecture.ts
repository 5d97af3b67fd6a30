/** Debian's and the OCI image specification's name for a processor family; both use the same words for these two. */
export type Architecture = 'amd64' | 'arm64';

export function hostArchitecture(): Architecture {
  return process.arch === 'arm64' ? 'arm64' : 'amd64';
}

/** The directory of shared libraries, and the dynamic loader, of a Debian architecture. */
export const platformOf: Readonly<Record<Architecture, { readonly triplet: string; readonly loader: string }>> = {
  amd64: { triplet: 'x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2' },
  arm64: { triplet: 'aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1' },
};
