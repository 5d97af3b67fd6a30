/** Debian's and the OCI image specification's name for a processor family; both use the same words for these two. */
export type Architecture = 'amd64' | 'arm64';

export function hostArchitecture(): Architecture {
  return process.arch === 'arm64' ? 'arm64' : 'amd64';
}

/** The directory of shared libraries of a Debian architecture, its dynamic loader, and the folder in which programs look for that one. */
export const platformOf: Readonly<Record<Architecture, { readonly triplet: string; readonly loader: string; readonly loaderFolder: string }>> = {
  amd64: { triplet: 'x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2', loaderFolder: 'usr/lib64' },
  arm64: { triplet: 'aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1', loaderFolder: 'usr/lib' },
};
