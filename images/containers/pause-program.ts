import type { Architecture } from '../architecture.ts';

/**
 * The program of the pause container: holds the pod's namespaces, reaps orphans, ends on SIGTERM or SIGINT. It needs no libc and no compiler, so it
 * is assembled here: block the three signals, then wait for them one by one. (PID 1 ignores signals without a handler, but a blocked one still queues.)
 */
export function pauseProgram(architecture: Architecture): Buffer {
  return architecture === 'amd64' ? elfProgram(0x3e, amd64Code()) : elfProgram(0xb7, arm64Code());
}

/** SIGINT (2), SIGTERM (15) and SIGCHLD (17) as a kernel sigset_t. */
const signalSet = Buffer.from([0x02, 0x40, 0x01, 0, 0, 0, 0, 0]);
const loadAddress = 0x400000;
const headersLength = 64 + 56;

/** A static ELF executable with one read-and-execute segment that starts at its first byte of code. */
function elfProgram(machine: number, code: Buffer): Buffer {
  const header = Buffer.alloc(headersLength);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeUInt16LE(2, 16); // ET_EXEC
  header.writeUInt16LE(machine, 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(loadAddress + headersLength), 24); // entry
  header.writeBigUInt64LE(64n, 32); // program headers follow
  header.writeUInt16LE(64, 52);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56);
  header.writeUInt32LE(1, 64); // PT_LOAD
  header.writeUInt32LE(5, 68); // read, execute
  header.writeBigUInt64LE(BigInt(loadAddress), 80);
  header.writeBigUInt64LE(BigInt(loadAddress), 88);
  const size = BigInt(headersLength + code.length);
  header.writeBigUInt64LE(size, 96);
  header.writeBigUInt64LE(size, 104);
  header.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([header, code]);
}

function amd64Code(): Buffer {
  const blockSignals = [
    0x31, 0xff, /* xor edi,edi: SIG_BLOCK */ 0x48, 0x8d, 0x35, 0, 0, 0, 0, /* lea rsi,[set] */ 0x31, 0xd2, /* xor edx,edx */
    0x41, 0xba, 8, 0, 0, 0, /* mov r10d,8 */ 0xb8, 14, 0, 0, 0, 0x0f, 0x05, /* rt_sigprocmask */
  ];
  const wait = [
    0x48, 0x8d, 0x3d, 0, 0, 0, 0, /* lea rdi,[set] */ 0x31, 0xf6, 0x31, 0xd2, 0x41, 0xba, 8, 0, 0, 0,
    0xb8, 128, 0, 0, 0, 0x0f, 0x05, /* rt_sigtimedwait */ 0x83, 0xf8, 17, /* cmp eax,SIGCHLD */ 0x74, 13, /* je reap */
    0x85, 0xc0, 0x78, 0, /* test eax,eax; js wait */ 0x31, 0xff, 0xb8, 60, 0, 0, 0, 0x0f, 0x05, /* exit(0) */
  ];
  const reap = [
    0xbf, 0xff, 0xff, 0xff, 0xff, /* mov edi,-1 */ 0x31, 0xf6, 0xba, 1, 0, 0, 0, /* WNOHANG */ 0x45, 0x31, 0xd2,
    0xb8, 61, 0, 0, 0, 0x0f, 0x05, /* wait4 */ 0x85, 0xc0, 0x7f, 0, /* test eax,eax; jg reap */ 0xeb, 0, /* jmp wait */
  ];
  const code = Buffer.from([...blockSignals, ...wait, ...reap]);
  const waitAt = blockSignals.length;
  const reapAt = waitAt + wait.length;
  const setAt = code.length;
  code.writeInt32LE(setAt - 9, 5);
  code.writeInt32LE(setAt - (waitAt + 7), waitAt + 3);
  const minusSignAt = waitAt + wait.length - 10;
  code.writeInt8(waitAt - (minusSignAt + 1), minusSignAt);
  code.writeInt8(reapAt - (code.length - 2), code.length - 3);
  code.writeInt8(waitAt - code.length, code.length - 1);
  return Buffer.concat([code, signalSet]);
}

function arm64Code(): Buffer {
  const move = (register: number, value: number): number => (0xd2800000 | (value << 5) | register) >>> 0;
  const address = (register: number, words: number): number => (0x10000000 | (words << 5) | register) >>> 0; // adr, in whole words
  const branch = (condition: number, words: number): number => (0x54000000 | ((words & 0x7ffff) << 5) | condition) >>> 0;
  const compare = (value: number): number => (0x7100001f | (value << 10)) >>> 0; // cmp w0,#value
  const call = 0xd4000001;
  const wait = 6;
  const reap = 19;
  const set = 28;
  const words = [
    move(0, 0), address(1, set - 1), move(2, 0), move(3, 8), move(8, 135), call, // 0: rt_sigprocmask
    address(0, set - wait), move(1, 0), move(2, 0), move(3, 8), move(8, 137), call, // 6 = wait: rt_sigtimedwait
    compare(17), branch(0, reap - 13), compare(0), branch(11, wait - 15), // 12: SIGCHLD reaps, an error waits again
    move(0, 0), move(8, 93), call, // 16: exit(0)
    0x92800000, move(1, 0), move(2, 1), move(3, 0), move(8, 260), call, // 19 = reap: wait4(-1, 0, WNOHANG, 0)
    compare(0), branch(12, reap - 26), // 25: one more while it finds one
    (0x14000000 | ((wait - 27) & 0x3ffffff)) >>> 0, // 27: b wait
  ];
  const code = Buffer.alloc(words.length * 4);
  words.forEach((word, index) => code.writeUInt32LE(word, index * 4));
  return Buffer.concat([code, signalSet]);
}
