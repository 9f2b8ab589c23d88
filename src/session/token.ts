import { timingSafeEqual } from 'node:crypto'
import { HmacSha256 } from '../util/hmac.ts'
import type { Id } from '../util/id.ts'

export type Verdict = 'good' | 'expired' | 'forged'

/**
 * A token says that a session belongs to a user until a time: `uid:U:ttl:T:sid:S:end` (T: unix seconds), a dot, and the
 * HMAC-SHA256 of that under the key of the store, base64url.
 */
export class Tokens {
  readonly #hmac: HmacSha256

  constructor(key: Buffer) {
    this.#hmac = new HmacSha256(key)
  }

  issue(uid: Id, sid: Id, expiresAtS: number): string {
    const claim = `uid:${uid}:ttl:${expiresAtS}:sid:${sid}:end`
    return `${claim}.${this.#hmac.base64url(claim)}`
  }

  /**
   * A token is expired only when it is ours and for this user and session: its time alone is over.
   */
  verify(token: string, uid: Id, sid: Id, nowS: number): Verdict {
    const dot = token.lastIndexOf('.')
    const claim = token.slice(0, dot)
    const [before, after] = [`uid:${uid}:ttl:`, `:sid:${sid}:end`]
    if (dot < 0 || !claim.startsWith(before) || !claim.endsWith(after)) return 'forged'
    const ttl = claim.slice(before.length, -after.length)
    if (!/^[0-9]{1,15}$/.test(ttl)) return 'forged'
    // As text: base64 has several writings of the same bytes.
    const mac = Buffer.from(token.slice(dot + 1))
    const expected = Buffer.from(this.#hmac.base64url(claim))
    if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) return 'forged'
    return Number(ttl) > nowS ? 'good' : 'expired'
  }
}
