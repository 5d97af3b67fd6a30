import { execFile } from 'node:child_process';
import { constants, copyFile, link, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import type { MachineDirectory } from '../machine-directory.ts';
import { generateSshKey } from '../provision/ssh-keys.ts';
import type { SshKey } from '../provision/ssh-keys.ts';

const run = promisify(execFile);

/** The image that new nodes start from, as images/node/build.ts made it. */
export interface NodeImageFiles {
  readonly directory: string;
  readonly kernel: string;
  readonly root: string;
}

/** What belongs to a VM for its whole life. */
export interface MachineFiles {
  readonly kernel: string;
  readonly disk: string;
  readonly hostKey: SshKey;
  readonly clientKey: SshKey;
}

interface RecordedFiles {
  readonly base: string;
  readonly hostKey: SshKey;
  readonly clientKey: SshKey;
}

/** Makes (or finds) a node's disk and keys. The disk only holds what differs from its image, so the image is kept beside it, however often the cache is cleaned. */
export async function prepareMachineFiles(machines: MachineDirectory, name: string, options: { readonly image: NodeImageFiles; readonly diskGiB: number }): Promise<MachineFiles> {
  const record = machines.path(name, 'qemu.json');
  const disk = machines.path(name, 'disk.qcow2');
  const found = await readFile(record, 'utf8').catch(() => undefined);
  if (found && await exists(disk)) return filesOf(machines, disk, JSON.parse(found) as RecordedFiles);
  const base = basename(options.image.directory);
  const folder = baseFolder(machines, base);
  await mkdir(folder, { recursive: true });
  for (const file of [options.image.kernel, options.image.root]) await keep(file, join(folder, basename(file)));
  const backing = relative(dirname(disk), join(folder, basename(options.image.root)));
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', backing, '-F', 'raw', `${disk}.new`, `${options.diskGiB}G`]).catch((cause: Error) => {
    throw new Error(`Cannot create the disk of node "${name}": ${cause.message}`, { cause });
  });
  const recorded: RecordedFiles = { base, hostKey: generateSshKey(), clientKey: generateSshKey() };
  await writeFile(`${record}.new`, JSON.stringify(recorded), { mode: 0o600 });
  await rename(`${record}.new`, record);
  await rename(`${disk}.new`, disk);
  return filesOf(machines, disk, recorded);
}

/** Removes the images that no node's disk stands on any more. */
export async function removeUnusedImages(machines: MachineDirectory): Promise<void> {
  const used = new Set<string>();
  for (const name of await machines.names()) {
    const record = await readFile(machines.path(name, 'qemu.json'), 'utf8').catch(() => undefined);
    if (record) used.add((JSON.parse(record) as RecordedFiles).base);
  }
  const images = dirname(baseFolder(machines, '-'));
  for (const base of await readdir(images).catch(() => [])) if (!used.has(base)) await rm(join(images, base), { recursive: true, force: true });
}

function filesOf(machines: MachineDirectory, disk: string, { base, hostKey, clientKey }: RecordedFiles): MachineFiles {
  return { kernel: join(baseFolder(machines, base), 'vmlinux'), disk, hostKey, clientKey };
}

function baseFolder(machines: MachineDirectory, base: string): string {
  return join(dirname(machines.root), 'node-images', base);
}

async function keep(from: string, to: string): Promise<void> {
  if (await exists(to)) return;
  await link(from, to).catch(async (cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EEXIST') return;
    // Another file system: a real copy, under its name only when it is complete.
    await copyFile(from, `${to}.${process.pid}.new`, constants.COPYFILE_FICLONE);
    await rename(`${to}.${process.pid}.new`, to);
  });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}
