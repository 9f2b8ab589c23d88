import { createHmac } from 'node:crypto'
import t from 'tap'
import { HmacSha256 } from '#dist/util/hmac.js'
import { seededRandom } from '../support/seed.js'

t.test('it is the HMAC of the standard library, for keys and texts of all lengths', async t => {
  const random = seededRandom(t)
  for (const keyBytes of [1, 31, 32, 63, 64, 65, 200]) {
    const key = random.bytes(keyBytes)
    const hmac = new HmacSha256(key)
    for (const length of [0, 1, 40, 55, 56, 64, 255, 256, 257, 1000, 3]) {
      const text = 'ü'.repeat(length % 7) + 'x'.repeat(length)
      t.equal(hmac.base64url(text), createHmac('sha256', key).update(text).digest('base64url'))
    }
  }
})
