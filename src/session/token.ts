import { timingSafeEqual } from 'node:crypto'
import { HmacSha256 } from '../util/hmac.ts'
import { type Id, parseId } from '../util/id.ts'

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

  /** Whether the token is ours, not over, and for this user and session. */
  verify(token: string, uid: Id, sid: Id, nowS: number): boolean {
    const dot = token.lastIndexOf('.')
    const claim = token.slice(0, dot)
    const parts = /^uid:([0-9]+):ttl:([0-9]{1,15}):sid:([0-9]+):end$/.exec(claim)
    if (dot < 0 || parts === null) return false
    // As text: base64 has several writings of the same bytes.
    const mac = Buffer.from(token.slice(dot + 1))
    const expected = Buffer.from(this.#hmac.base64url(claim))
    if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) return false
    return parseId(parts[1]!) === uid && parseId(parts[3]!) === sid && Number(parts[2]) > nowS
  }
}
