import type { Settings } from '../bridge/contract.ts';
import { readIfExists, writeFileAtomic } from '../cluster/atomic-file.ts';

export const defaultSettings: Settings = { workers: 1, driver: 'qemu', cpusPerNode: 2, memoryMiBPerNode: 1024, theme: 'system' };

/** The user's choices, in `settings.json` of the data directory. An unreadable file counts as empty and is replaced at the next change. */
export function openSettings(path: string): { get(): Promise<Settings>; set(change: Partial<Settings>): Promise<Settings> } {
  let writing: Promise<unknown> = Promise.resolve();
  const get = async (): Promise<Settings> => ({ ...defaultSettings, ...parse(await readIfExists(path)) });
  return {
    get,
    set(change) {
      const next = writing.then(async () => {
        const settings = { ...(await get()), ...pick(change) };
        await writeFileAtomic(path, `${JSON.stringify(settings, undefined, 2)}\n`);
        return settings;
      });
      writing = next.catch(() => {}); // The caller gets the error; the next change must not.
      return next;
    },
  };
}

function pick(change: Partial<Settings>): Partial<Settings> {
  return Object.fromEntries(Object.entries(change).filter(([key]) => Object.hasOwn(defaultSettings, key)));
}

function parse(text: string | undefined): Partial<Settings> {
  try {
    return text === undefined ? {} : pick(JSON.parse(text) as Partial<Settings>);
  } catch {
    return {};
  }
}
