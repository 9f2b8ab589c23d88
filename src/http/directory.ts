import type { Listener } from '../contract/listener.ts'
import type { NodeStatus } from '../contract/methods.ts'

/** The nodes that this worker knows: the listeners of the process, and what app servers added, as the worker that keeps those tells it. */
export class Directory {
  readonly own: readonly Listener[]
  added: readonly NodeStatus[] = []

  constructor(own: readonly Listener[]) {
    this.own = own
  }
}
