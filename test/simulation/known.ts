import type { KnownFault } from './violations.js'

/** Faults that are in the product and being cured. Taking one out makes the simulation fail by it; nothing is to be added. */
export const knownFaults: readonly KnownFault[] = []
