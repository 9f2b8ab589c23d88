import type { Listener } from '../contract/listener.ts'
import type { NodeStatus } from '../contract/methods.ts'

/** The nodes that this worker knows: our own listeners, and the nodes that app servers added. The home of those keeps `added` up to date. */
export class Directory {
  readonly own: readonly Listener[]
  added: readonly NodeStatus[] = []

  constructor(own: readonly Listener[]) {
    this.own = own
  }
}
