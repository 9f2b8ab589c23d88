/** There are no more workers than this. */
const WORKERS_MAX = 256

/** The key of a topic at any worker: its home, and a number from 1 that the home never reuses. */
export function topicKey(home: number, topic: number): number {
  return topic * WORKERS_MAX + home
}
