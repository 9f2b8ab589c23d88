import { hashId, type Id } from '../util/id.ts'

/** Which worker is the home of a user, a group or a room. One rule for all of them; equal on every worker. */
export interface Placement {
  /** This worker: for questions that any worker can answer from the store. */
  readonly here: number
  /** The home of everything without an id, such as pushes to everybody. */
  readonly ofAll: number
  homeOf(id: Id): number
  /** The home of a text key. */
  homeOfText(text: string): number
}

/** Placement over the workers of this process. */
export function localPlacement(here: number, workers: number): Placement {
  return {
    here,
    ofAll: 0,
    homeOf: id => hashId(id) % workers,
    homeOfText: text => {
      let hash = 0
      for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
      return hashId(hash >>> 0) % workers
    },
  }
}
