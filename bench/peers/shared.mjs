// What the producing and the working thread count together, and the clock they share.
export const STOPPING = 0;
export const UNFINISHED = 1;
export const ENQUEUED = 2;

// Milliseconds with a fraction; the same in every thread of a process.
export const now = () => performance.timeOrigin + performance.now();

const BYTES = 300;

// A payload of the size that the other systems of the comparison get, with the instant it was sent.
export function payload() {
  const sent = now();
  const head = `{"sent":${sent},"fill":""}`;
  return { sent, fill: 'x'.repeat(BYTES - head.length) };
}
