import { hashId, type Id } from '../util/id.ts'

/** Which worker owns a user, a group or a room. One rule for all of them; equal on every worker. */
export interface Placement {
  /** The worker that owns the entity with this id. */
  ownerOf(id: Id): number
  /** The worker that owns what is named by a text. */
  ownerOfText(text: string): number
  /** The worker that numbers what concerns everybody. */
  readonly ofAll: number
}

/** Placement over the workers of this process. */
export function localPlacement(workers: number): Placement {
  return {
    ownerOf: id => hashId(id) % workers,
    ownerOfText: text => {
      let hash = 0
      for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
      return hashId(hash >>> 0) % workers
    },
    ofAll: 0,
  }
}
