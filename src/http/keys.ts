import { createHash, timingSafeEqual } from 'node:crypto'
import { isLoopback } from '../config/load.ts'

/** What is looked at to let a request in. */
export interface Caller {
  readonly remoteIp: string
  readonly authorization: string
  readonly apiKey: string
  /** Whether a proxy says that it passes somebody else's request on. */
  readonly isForwarded: boolean
  /** A browser names the page that makes it ask; empty: no browser, or none that says. */
  readonly origin: string
  readonly host: string
  /** Where the page stands that a browser asks for: `sec-fetch-site`. */
  readonly fetchSite: string
}

/**
 * Lets app servers in: by key, or, when no keys are set, whoever calls directly from this machine. A web page that a
 * browser on this machine shows is none of them, nor one that has another name resolve to this machine.
 */
export class Keys {
  readonly #digests: readonly Buffer[]

  constructor(keys: readonly string[]) {
    this.#digests = keys.map(digest)
  }

  admits(caller: Caller): boolean {
    if (this.#digests.length === 0) {
      const isPage = caller.origin !== '' && caller.origin !== `http://${caller.host}`
      const isNamedSo = isLoopback(caller.host.replace(/:[0-9]+$/, '').replace(/^\[(.*)\]$/, '$1'))
      const isElsewhere = caller.fetchSite === 'cross-site' || caller.fetchSite === 'same-site'
      return isLoopback(caller.remoteIp) && isNamedSo && !caller.isForwarded && !isPage && !isElsewhere
    }
    const bearer = /^Bearer +(\S+)$/i.exec(caller.authorization)?.[1] ?? caller.apiKey
    if (bearer === '') return false
    const given = digest(bearer)
    let isKnown = false
    for (const known of this.#digests) if (timingSafeEqual(known, given)) isKnown = true
    return isKnown
  }
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
