import type { DataDirectory } from './data-directory.ts';
import { openDriver } from './drivers.ts';
import { MachineRecords } from './machine-records.ts';
import type { Log } from './log.ts';
import { systemClock } from './system-clock.ts';
import { systemRandom } from './system-random.ts';

const silent: Log = { info() {}, warn() {}, error() {} };

/** Ends and deletes every machine of a cluster whose daemon is not running (before its directory is removed). */
export async function recoverMachines(directory: DataDirectory): Promise<void> {
  const signal = AbortSignal.timeout(60_000);
  const records = await MachineRecords.open(directory.machines).catch(() => undefined);
  for (const record of records?.list() ?? []) {
    if (record.driver === 'simulated') continue;
    await using driver = await openDriver(record.driver, { directory, clock: systemClock, random: systemRandom, log: silent });
    await driver.recover();
    await driver.delete(record.name, { signal });
  }
}
