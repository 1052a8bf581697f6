// Drives one job queue as asked on standard input: one command a line, one line of JSON for each. The queue comes from
// the file named by the first argument, which exports `version`, `prepare`, `produce` and `work`.
//
//   open {"url","way","producers","bulk","bound"}   brings the schema up and starts the workers
//   start                                           starts the producers, in a thread of their own
//   cut                                             what was handled since the last cut, and how long it was under way
//   stop                                            ends the producers; answers what they enqueued since start
//   close                                           ends the workers
//
// It ends when standard input does, so that it never outlives the benchmark.
import { createHistogram } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import { ENQUEUED, STOPPING, UNFINISHED, now } from './shared.mjs';

const system = process.argv[2];
const queue = await import(`./${system}.mjs`);
const shared = new Int32Array(new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT));
const delivery = createHistogram();

let load;
let workers;
let producer;
let handled = 0;
let handledAtCut = 0;

function done(payload) {
  delivery.record(Math.max(1, Math.round((now() - payload.sent) * 1000)));
  handled++;
  Atomics.sub(shared, UNFINISHED, 1);
}

function cut() {
  const jobs = handled - handledAtCut;
  const at = (percentile) => (jobs === 0 ? 0 : delivery.percentile(percentile) / 1000);
  const answer = {
    jobs,
    delivery: {
      count: delivery.count,
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p999: at(99.9),
      max: jobs === 0 ? 0 : delivery.max / 1000,
    },
  };
  delivery.reset();
  handledAtCut = handled;
  return answer;
}

// Resolves when the thread has ended; a thread that failed fails the command that waits for it.
function startProducer() {
  const thread = new Worker(new URL('./producer.mjs', import.meta.url), { workerData: { system, load, shared } });
  return new Promise((resolve, reject) => {
    thread.once('error', reject);
    thread.once('exit', resolve);
  });
}

const commands = {
  hello: () => ({ version: queue.version, node: process.version }),
  async open(options) {
    load = options;
    handled = handledAtCut = 0;
    shared.fill(0);
    delivery.reset();
    await queue.prepare(load);
    workers = await queue.work(load, done);
    return {};
  },
  start() {
    producer = startProducer();
    producer.catch(() => {});
    return {};
  },
  cut,
  async stop() {
    Atomics.store(shared, STOPPING, 1);
    await producer;
    return { enqueued: Atomics.load(shared, ENQUEUED) };
  },
  handled: () => ({ handled }),
  async close() {
    await workers.close();
    return {};
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...rest] = line.split(' ');
  try {
    const options = rest.length === 0 ? undefined : JSON.parse(rest.join(' '));
    process.stdout.write(JSON.stringify(await commands[name](options)) + '\n');
  } catch (fault) {
    process.stdout.write(JSON.stringify({ error: String(fault?.stack ?? fault) }) + '\n');
  }
}
process.exit(0);
