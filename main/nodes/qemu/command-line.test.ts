import { expect, test } from 'vitest';
import { qemuCommandLine } from './command-line.ts';
import type { QemuHost, QemuMachine } from './command-line.ts';

const machine: QemuMachine = {
  name: 'worker-1', cpus: 2, memoryMiB: 768, kernel: '/i/vmlinux', rootDisk: '/d/disk.qcow2', seedDisk: '/d/seed.tar', sshPort: 2201, hostMac: '52:54:00:0a:00:0b', clusterMac: '52:54:00:89:00:0b',
  clusterSwitch: { path: '/run/switch.sock' }, serialLog: '/d/serial.log', qmpSocket: '/run/w1.qmp',
};
const linux: QemuHost = { platform: 'linux', architecture: 'x64', accelerator: 'tcg', version: { major: 10, minor: 0 } };

function line(host: Partial<QemuHost>, changes: Partial<QemuMachine> = {}): string {
  const { program, args } = qemuCommandLine({ ...machine, ...changes }, { ...linux, ...host });
  return [program, ...args].join(' ');
}

test.each<{ name: string; host: Partial<QemuHost>; has: string[]; lacks?: string[] }>([
  { name: 'Linux without virtualisation', host: {}, has: ['qemu-system-x86_64 ', '-M q35 -accel tcg,thread=multi,tb-size=512 -cpu max', 'console=ttyS0', 'tsc=reliable'] },
  { name: 'Linux with KVM', host: { accelerator: 'kvm' }, has: ['-accel kvm -cpu host'] },
  { name: 'Linux on arm64 with KVM', host: { architecture: 'arm64', accelerator: 'kvm' }, has: ['qemu-system-aarch64 ', '-M virt -accel kvm -cpu host', 'console=ttyAMA0'], lacks: ['tsc='] },
  { name: 'an Intel Mac', host: { platform: 'darwin', accelerator: 'hvf' }, has: ['-M q35 -accel hvf -cpu host'] },
  { name: 'Apple silicon', host: { platform: 'darwin', architecture: 'arm64', accelerator: 'hvf' }, has: ['qemu-system-aarch64 ', '-M virt -accel hvf -cpu host', 'console=ttyAMA0'] },
  { name: 'Apple silicon without HVF', host: { platform: 'darwin', architecture: 'arm64' }, has: ['-cpu max,pauth-impdef=on'] },
  { name: 'Windows', host: { platform: 'win32', accelerator: 'whpx' }, has: ['qemu-system-x86_64.exe ', '-accel whpx,kernel-irqchip=off -cpu Skylake-Client-v3'], lacks: ['-qmp', '-cpu host'] },
  { name: 'an older QEMU', host: { version: { major: 8, minor: 2 } }, has: [',reconnect=1'], lacks: ['reconnect-ms'] },
  { name: "Debian bookworm's QEMU", host: { version: { major: 7, minor: 2 } }, has: ['addr.path=/run/switch.sock -device', 'thread=single'], lacks: ['reconnect'] },
])('the command line for $name', ({ host, has, lacks = [] }) => {
  const text = line(host);
  for (const part of has) expect(text).toContain(part);
  for (const part of lacks) expect(text).not.toContain(part);
});

test('every machine has two networks: the host with SSH on loopback only, and the cluster switch', () => {
  expect(line({})).toContain('-netdev user,id=host,net=10.0.2.0/24,hostfwd=tcp:127.0.0.1:2201-:22 -device virtio-net-pci,netdev=host,mac=52:54:00:0a:00:0b,romfile=');
  expect(line({})).toContain('-netdev stream,id=cluster,server=off,addr.type=unix,addr.path=/run/switch.sock,reconnect-ms=500 -device virtio-net-pci,netdev=cluster,mac=52:54:00:89:00:0b,romfile=');
});

test('a switch on a loopback port serves hosts without unix sockets', () => {
  expect(line({ platform: 'win32' }, { clusterSwitch: { host: '127.0.0.1', port: 4000 } })).toContain('addr.type=inet,addr.host=127.0.0.1,addr.port=4000');
});

test('a comma in a path does not end the option', () => {
  expect(line({}, { rootDisk: '/a,b/disk.qcow2' })).toContain('file=/a,,b/disk.qcow2,format=qcow2');
});
