import { createHash, timingSafeEqual } from 'node:crypto'
import { isLoopback } from '../config/load.ts'
import { hostOf } from '../util/address.ts'

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

  /** @returns why the caller is not let in; undefined: he is */
  refuses(caller: Caller): string | undefined {
    if (this.#digests.length === 0) return refusesStranger(caller)
    const bearer = /^Bearer +(\S+)$/i.exec(caller.authorization)?.[1] ?? caller.apiKey
    if (bearer === '') return 'no API key'
    const given = digest(bearer)
    let isKnown = false
    for (const known of this.#digests) if (timingSafeEqual(known, given)) isKnown = true
    return isKnown ? undefined : 'wrong API key'
  }
}

/** Without keys: whoever asks directly from this machine, and knows what he asks. */
function refusesStranger({ remoteIp, isForwarded, origin, host, fetchSite }: Caller): string | undefined {
  const because = (text: string) =>
    `no API keys are set, so only direct callers from this machine are answered, and ${text}`
  if (!isLoopback(remoteIp)) return because('this one is elsewhere')
  if (isForwarded) return because('this request was forwarded')
  if (!isLoopback(hostOf(host))) return because(`this request is for the host ${host.slice(0, 64)}`)
  const isPage =
    (origin !== '' && origin !== `http://${host}`) || fetchSite === 'cross-site' || fetchSite === 'same-site'
  return isPage ? because('this request comes from a web page') : undefined
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
