import type { Device } from './device.js'
import type { Gateway } from './gateway.js'

let lastMarker = 0

/** Returns when the device has received something that was sent to it just now. What had not arrived by then was not
 *  sent before: it is how tests see that nothing came, without sleeping. */
export async function fence(gateway: Gateway, ...devices: readonly Device[]): Promise<void> {
  for (const { client, sid } of devices) {
    lastMarker += 1
    const marker = `fence ${lastMarker}`
    const reply = await gateway.api.push('sid', { sid }, JSON.stringify(marker), { contentType: 'application/json' })
    if (reply.total !== 1) throw new Error(`the fence reached ${reply.total} sessions: ${reply.errmsg}`)
    const expected = JSON.stringify(marker)
    await client.next('P2P', body =>
      client.format === 'json' ? body.data === marker : Buffer.from(body.data as Uint8Array).toString() === expected,
    )
  }
}
