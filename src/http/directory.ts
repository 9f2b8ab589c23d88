import type { NodeStatus } from '../contract/methods.ts'
import type { Listener } from './api.ts'

/** The nodes that this worker knows: the listeners of the process, and what app servers added, as its owner tells it. */
export class Directory {
  readonly own: readonly Listener[]
  added: readonly NodeStatus[] = []

  constructor(own: readonly Listener[]) {
    this.own = own
  }
}
