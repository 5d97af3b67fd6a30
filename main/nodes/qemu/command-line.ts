import type { SwitchAddress } from '../switch/learning-switch.ts';

export type Accelerator = 'kvm' | 'hvf' | 'whpx' | 'tcg';

/** The computer that runs QEMU. */
export interface QemuHost {
  readonly platform: 'linux' | 'darwin' | 'win32';
  readonly architecture: 'x64' | 'arm64';
  readonly accelerator: Accelerator;
  readonly version: { readonly major: number; readonly minor: number };
}

/** One VM, with everything it touches on the host. */
export interface QemuMachine {
  readonly name: string;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly kernel: string;
  readonly rootDisk: string;
  readonly seedDisk: string;
  readonly sshPort: number;
  readonly hostMac: string;
  readonly clusterMac: string;
  readonly clusterSwitch: SwitchAddress;
  readonly serialLog: string;
  /** Unix socket; absent on Windows. */
  readonly qmpSocket?: string;
}

/** Translated code kept under emulation: with 128 MiB it overflows and everything becomes 2-3 times slower. */
const translationCacheMiB = 512;

/** The whole QEMU invocation for a machine on a host. Pure: reads nothing, so that every platform's line can be tested on any. */
export function qemuCommandLine(machine: QemuMachine, host: QemuHost): { readonly program: string; readonly args: readonly string[] } {
  const x64 = host.architecture === 'x64';
  const args = [
    '-name', escape(machine.name), '-M', x64 ? 'q35' : 'virt', ...processor(host), '-smp', String(machine.cpus), '-m', String(machine.memoryMiB),
    '-display', 'none', '-nodefaults', '-no-user-config', '-no-reboot',
    '-kernel', machine.kernel, '-append', kernelArguments(x64),
    ...disks(machine), ...networks(machine, host),
    '-device', 'virtio-rng-pci', '-serial', `file:${machine.serialLog}`,
    ...(machine.qmpSocket && host.platform !== 'win32' ? ['-qmp', `unix:${escape(machine.qmpSocket)},server=on,wait=off`] : []),
  ];
  return { program: qemuProgram(host), args };
}

export function qemuProgram(host: Pick<QemuHost, 'platform' | 'architecture'>): string {
  return `qemu-system-${host.architecture === 'x64' ? 'x86_64' : 'aarch64'}${host.platform === 'win32' ? '.exe' : ''}`;
}

function processor({ accelerator, architecture, version }: QemuHost): readonly string[] {
  switch (accelerator) {
    case 'kvm': return ['-accel', 'kvm', '-cpu', 'host'];
    case 'hvf': return ['-accel', 'hvf', '-cpu', 'host'];
    // WHPX knows neither "host" nor "max"; its own interrupt chip loses interrupts.
    case 'whpx': return ['-accel', 'whpx,kernel-irqchip=off', '-cpu', 'Skylake-Client-v3'];
    // Pointer authentication by the real algorithm is very slow to emulate. QEMU 7.2 with several threads crashes the kernel while it patches its own code.
    case 'tcg': return ['-accel', `tcg,thread=${version.major >= 9 ? 'multi' : 'single'},tb-size=${translationCacheMiB}`, '-cpu', architecture === 'x64' ? 'max' : 'max,pauth-impdef=on'];
  }
}

function kernelArguments(x64: boolean): string {
  return [
    `console=${x64 ? 'ttyS0' : 'ttyAMA0'}`, 'quiet', 'loglevel=4', 'panic=-1', 'random.trust_cpu=on', ...(x64 ? ['tsc=reliable'] : []),
    'root=/dev/nvme0n1', 'rootfstype=ext4',
    // Without delayed allocation an fsync of containerd's database also puts the images it speaks of on the disk; else a power cut leaves empty programs.
    'rootflags=nodelalloc', 'rw', 'rootwait', 'init=/usr/lib/coracle/init',
  ].join(' ');
}

/** The root is an NVMe disk because the kernel has that driver built in; the seed is another kind, since two NVMe names come in any order. */
function disks(machine: QemuMachine): readonly string[] {
  return [
    '-drive', `if=none,id=root,file=${escape(machine.rootDisk)},format=qcow2,discard=unmap,detect-zeroes=unmap`,
    '-drive', `if=none,id=seed,file=${escape(machine.seedDisk)},format=raw,readonly=on`,
    '-device', 'nvme,serial=root,drive=root', '-device', 'virtio-blk-pci,drive=seed',
  ];
}

function networks(machine: QemuMachine, host: QemuHost): readonly string[] {
  return [
    '-netdev', `user,id=host,net=10.0.2.0/24,hostfwd=tcp:127.0.0.1:${machine.sshPort}-:22`,
    '-device', `virtio-net-pci,netdev=host,mac=${machine.hostMac},romfile=`,
    '-netdev', `stream,id=cluster,server=off,${switchOptions(machine.clusterSwitch)}${reconnect(host)}`,
    '-device', `virtio-net-pci,netdev=cluster,mac=${machine.clusterMac},romfile=`,
  ];
}

function switchOptions(address: SwitchAddress): string {
  return 'path' in address ? `addr.type=unix,addr.path=${escape(address.path)}` : `addr.type=inet,addr.host=${address.host},addr.port=${address.port}`;
}

/** Streams reconnect since QEMU 8.0; 9.2 gave the option a finer unit and a new name, and 10.1 removes the old one. */
function reconnect({ version }: QemuHost): string {
  if (version.major > 9 || (version.major === 9 && version.minor >= 2)) return ',reconnect-ms=500';
  return version.major >= 8 ? ',reconnect=1' : '';
}

/** A comma ends an option's value, unless doubled. */
function escape(value: string): string {
  return value.replaceAll(',', ',,');
}
