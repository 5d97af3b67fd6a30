import { RateLimitedWorkQueue } from './rate-limited-work-queue.ts';
import { describeWorkQueue } from './work-queue.contract.ts';

describeWorkQueue('RateLimitedWorkQueue', (clock) => new RateLimitedWorkQueue<string>({ clock }));
