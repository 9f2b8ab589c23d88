/** Gives numbers that nobody has had or will have, rising. */
export interface Numbers {
  /** @returns undefined when there is none at the moment: the gateway is busy */
  next(): number | undefined
}
