// graphile-worker with the batching its documentation advises for throughput: a local queue, completions gathered.
import { readFileSync } from 'node:fs';
import { Logger, makeWorkerUtils, run, runMigrations } from 'graphile-worker';
import pg from 'pg';

const TASK = 'bench';
const CONNECTIONS = 25;
const quiet = new Logger(() => (level, message) => {
  if (level === 'error') {
    process.stderr.write(`graphile-worker: ${message}\n`);
  }
});

export const version = packageVersion();

function packageVersion() {
  const file = new URL('./node_modules/graphile-worker/package.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')).version;
}

export async function prepare({ url, way }) {
  await runMigrations({ connectionString: url, logger: quiet });
  if (way === 'history') {
    await keepHistory(url);
  }
}

// graphile-worker deletes a job that is done. This is our addition, in the form that costs it least: the rows that one
// statement deletes are copied by one statement, in the same transaction.
async function keepHistory(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`
      create table if not exists job_history (
        id bigint primary key, task_id int not null, payload json not null, attempts smallint not null,
        created_at timestamptz not null, run_at timestamptz not null, started_at timestamptz, finished_at timestamptz not null);
      create or replace function keep_history() returns trigger language plpgsql as $$
      begin
        insert into job_history
        select id, task_id, payload, attempts, created_at, run_at, locked_at, now() from gone;
        return null;
      end $$;
      create or replace trigger keep_history after delete on graphile_worker._private_jobs
        referencing old table as gone for each statement execute function keep_history();`);
  } finally {
    await client.end();
  }
}

export async function produce({ url, bulk }) {
  const utils = await makeWorkerUtils({ connectionString: url, maxPoolSize: CONNECTIONS, logger: quiet });
  return {
    enqueue: (payloads) =>
      bulk === 1
        ? utils.addJob(TASK, payloads[0])
        : utils.addJobs(payloads.map((payload) => ({ identifier: TASK, payload }))),
    close: () => utils.release(),
  };
}

export async function work({ url }, done) {
  const runner = await run({
    taskList: { [TASK]: done },
    noHandleSignals: true,
    preset: {
      worker: {
        connectionString: url,
        logger: quiet,
        maxPoolSize: CONNECTIONS,
        concurrentJobs: 24,
        pollInterval: 100,
        localQueue: { size: 500, refetchDelay: { durationMs: 10 } },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
      },
    },
  });
  return { close: () => runner.stop() };
}
