/* A thread that asks for all that there is, at the same time as others: what it was given, by name. */
import { parentPort, workerData } from 'node:worker_threads'
import { AddressCounts } from '#dist/admission/address-counts.js'
import { RateTable } from '#dist/admission/rate-table.js'
import { KeyedHash } from '#dist/util/keyed-hash.js'

export interface Order {
  readonly rates: SharedArrayBuffer
  readonly counts: SharedArrayBuffer
  readonly gate: Int32Array
  readonly worker: number
  readonly threads: number
  readonly names: number
  readonly limit: number
}

const { rates, counts, gate, worker, threads, names, limit } = workerData as Order
const hash = new KeyedHash(3, 4)
const table = new RateTable(rates, hash, limit, 60_000)
const addresses = new AddressCounts(counts, hash, worker)
const given = new Uint32Array(names)
let entered = 0
let most = 0

// All begin together.
Atomics.add(gate, 0, 1)
while (Atomics.load(gate, 0) < threads);
for (let attempt = 0; attempt <= limit; attempt++) {
  for (let name = 0; name < names; name++) {
    if (table.take(7, name, 1000) === 0) given[name]!++
    const place = addresses.enter(1, 1, 1)
    if (place < 0) continue
    entered++
    // Nobody else is in while this thread is.
    most = Math.max(most, Atomics.add(gate, 1, 1) + 1)
    Atomics.sub(gate, 1, 1)
    addresses.leave(place)
  }
}
parentPort!.postMessage({ given, entered, most })
