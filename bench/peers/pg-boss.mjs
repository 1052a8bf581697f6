// pg-boss. Workers fetch and complete by its public calls, one after the other without a pause while there are jobs:
// its own `work` polls at most twice a second once a fetch came back short.
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { PgBoss } from 'pg-boss';

const QUEUE = 'bench';
const CONNECTIONS = 20;
const SINGLE = { workers: 16, fetch: 10 };
const BATCHED = { workers: 6, fetch: 100 };

export const version = packageVersion();

function packageVersion() {
  const file = new URL('./node_modules/pg-boss/package.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')).version;
}

async function opened(url, supervise) {
  const boss = new PgBoss({ connectionString: url, max: CONNECTIONS, supervise, schedule: false });
  boss.on('error', (fault) => process.stderr.write(`pg-boss: ${fault}\n`));
  await boss.start();
  return boss;
}

export async function prepare({ url }) {
  const boss = await opened(url, false);
  await boss.createQueue(QUEUE);
  await boss.stop({ graceful: false });
}

export async function produce({ url, bulk }) {
  const boss = await opened(url, false);
  return {
    enqueue: (payloads) =>
      bulk === 1
        ? boss.send(QUEUE, payloads[0])
        : boss.insert(
            QUEUE,
            payloads.map((data) => ({ data })),
          ),
    close: () => boss.stop({ graceful: false }),
  };
}

export async function work({ url, bulk }, done) {
  const boss = await opened(url, true);
  const how = bulk === 1 ? SINGLE : BATCHED;
  let closing = false;

  async function loop() {
    while (!closing) {
      const jobs = await boss.fetch(QUEUE, { batchSize: how.fetch });
      if (jobs.length === 0) {
        await pause(2);
      } else if (bulk === 1) {
        for (const job of jobs) {
          done(job.data);
          await boss.complete(QUEUE, job.id);
        }
      } else {
        jobs.forEach((job) => done(job.data));
        await boss.complete(
          QUEUE,
          jobs.map((job) => job.id),
        );
      }
    }
  }

  const loops = Array.from({ length: how.workers }, loop);
  return {
    async close() {
      closing = true;
      await Promise.all(loops);
      await boss.stop({ graceful: false });
    },
  };
}
