/* The writing thread of the ring test. */
import { workerData } from 'node:worker_threads'
import { FULL, RingProducer } from '#dist/bus/ring.js'

const { ring, records } = workerData as { ring: SharedArrayBuffer; records: number }
const producer = new RingProducer(ring)
for (let number = 0; number < records; ) {
  const bytes = 4 + (number % 61)
  const at = producer.claim(bytes)
  if (at === FULL) continue
  producer.block.writeUInt32LE(number, at)
  producer.block.fill(number & 0xff, at + 4, at + bytes)
  producer.commit(1 + (number % 7))
  number++
}
