// The producing thread: so many loops enqueue one after the other, as long as fewer than `bound` jobs are unfinished.
import { setTimeout as pause } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';
import { ENQUEUED, STOPPING, UNFINISHED, payload } from './shared.mjs';

const { system, load, shared } = workerData;
const queue = await import(`./${system}.mjs`);
const client = await queue.produce(load);

const stopping = () => Atomics.load(shared, STOPPING) === 1;

async function produce() {
  while (!stopping()) {
    if (Atomics.load(shared, UNFINISHED) + load.bulk > load.bound) {
      await pause(1);
      continue;
    }
    Atomics.add(shared, UNFINISHED, load.bulk);
    await client.enqueue(Array.from({ length: load.bulk }, payload));
    Atomics.add(shared, ENQUEUED, load.bulk);
  }
}

await Promise.all(Array.from({ length: load.producers }, produce));
await client.close();
