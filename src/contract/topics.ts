/** There are no more workers than this. */
const WORKERS_MAX = 256

/** The key of a topic at any worker: the number that its home gave it (from 1, never used twice), and which worker that is. */
export function topicKey(home: number, topic: number): number {
  return topic * WORKERS_MAX + home
}
