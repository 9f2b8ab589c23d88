import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { describe, eventually, withDeadline } from './support/deadline.js'
import { signIn } from './support/device.js'
import { type Gateway, spawnGateway, startGateway } from './support/gateway.js'
import { freshId } from './support/ids.js'
import { type MmdbValue, mmdb } from './support/mmdb.js'

const ADDRESSES_MAX = 5
const folder = await mkdtemp(join(tmpdir(), 'imgate-mmdb-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))

const at = (nation: string, operator?: string): MmdbValue => ({
  country: { iso_code: nation, names: { en: 'a nation' } },
  ...(operator === undefined ? {} : { isp: operator }),
})

const database = join(folder, 'places.mmdb')
await writeFile(
  database,
  mmdb([
    { network: '127.0.0.1/32', entry: at('US', 'Cloud') },
    { network: '127.0.0.2/32', entry: at('FR', 'North') },
    { network: '127.0.0.3/32', entry: at('DE', 'South') },
    { network: '127.0.0.4/32', entry: at('DE', 'North') },
    { network: '127.0.0.5/32', entry: at('DE') },
    { network: '127.0.0.6/32', entry: at('DE', 'North') },
    { network: '127.0.0.7/32', entry: at('FR', 'South') },
    { network: '203.0.113.0/24', entry: at('FR') },
    { network: '203.0.113.128/25', entry: at('DE', 'North') },
    { network: '198.51.100.0/24', entry: at('DE') },
    { network: '192.0.2.0/24', entry: { country: { iso_code: 'DE' }, traits: { isp: 'South' } } },
    { network: '2001:db8::/32', entry: at('FR', 'South') },
    { network: '2001:db8:1::/48', entry: { country: { iso_code: 'FR' }, autonomous_system_organization: 'North' } },
  ]),
)

/** A listener that a probe finds up. @returns its port */
async function listen(t: Test, host: string): Promise<{ server: Server; port: number }> {
  const server = createServer(socket => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, host, resolve)
  })
  t.teardown(() => server.close())
  return { server, port: (server.address() as { port: number }).port }
}

async function add(gateway: Gateway, ipaddr: string, port: number, type: 1 | 2): Promise<number> {
  const nid = freshId()
  await gateway.api.ok('/im/config', { action: 'add', option: 'listend', nid, ipaddr, port, type })
  return nid
}

async function isListed(gateway: Gateway, nid: number, wanted: 0 | 1): Promise<void> {
  await eventually(
    () => gateway.api.ok('/im/config', { action: 'list', option: 'listend' }),
    ({ list }) => list!.some(entry => entry.nid === nid && entry['status'] === wanted),
    `listener ${nid} with status ${wanted}`,
    30_000,
  )
}

/** The hosts of iplist, best first. */
async function hostsFor(gateway: Gateway, clientip: string, type: 1 | 2): Promise<string[]> {
  const uid = freshId()
  const { sid } = await gateway.api.register(uid)
  const { iplist, len } = await gateway.api.ok('/im/iplist', { type, uid, sid, clientip })
  if (len !== iplist!.length) throw new Error(`len ${len} is not the length of ${describe(iplist)}`)
  return iplist!.map(address => address.replace(/:[0-9]+$/, ''))
}

/** Listeners on these hosts, each up. */
async function withListeners(t: Test, gateway: Gateway, hosts: readonly string[], type: 1 | 2): Promise<Server[]> {
  const servers: Server[] = []
  for (const host of hosts) {
    const { server, port } = await listen(t, host)
    await isListed(gateway, await add(gateway, host, port, type), 1)
    servers.push(server)
  }
  return servers
}

for (const type of [1, 2] as const) {
  t.test(
    `the nearest listeners of type ${type} come first: same nation and operator, same nation, the rest`,
    async t => {
      const gateway = await startGateway(t, { env: { IMGATE_IP_DATABASE: database } })
      const hosts = [2, 3, 4, 5, 6, 7].map(last => `127.0.0.${last}`)
      await withListeners(t, gateway, hosts, type)
      // One of the other type that would be nearest of all.
      await withListeners(t, gateway, ['127.0.0.4'], type === 1 ? 2 : 1)
      const near = async (clientip: string) => (await hostsFor(gateway, clientip, type)).map(host => host.slice(8))

      const north = await near('203.0.113.200')
      t.equal(north.length, ADDRESSES_MAX, 'up to five')
      t.strictSame(north.slice(0, 2).sort(), ['4', '6'], 'same nation and operator')
      t.strictSame(north.slice(2, 4).sort(), ['3', '5'], 'same nation')
      t.equal(north[4], '1', 'of the rest the one whose load is known')

      const south = await near('192.0.2.1')
      t.equal(south[0], '3', 'the operator stands under traits too')
      t.strictSame(south.slice(1, 4).sort(), ['4', '5', '6'])

      const unknownOperator = await near('198.51.100.1')
      t.strictSame(unknownOperator.slice(0, 4).sort(), ['3', '4', '5', '6'], 'without an operator the nation decides')

      t.strictSame((await near('203.0.113.1')).slice(0, 2).sort(), ['2', '7'], 'of two networks the wider one')
      t.strictSame((await near('2001:db8::1')).slice(0, 2), ['7', '2'], 'an IPv6 client')
      t.strictSame((await near('2001:db8:1::1')).slice(0, 2), ['2', '7'], 'an IPv6 client of the network within')

      for (const nowhere of ['8.8.8.8', '::1', 'fe80::1']) {
        t.equal((await near(nowhere))[0], '1', `${nowhere} is in no nation: by load alone`)
      }
    },
  )
}

t.test('only listeners that are up are told', async t => {
  const gateway = await startGateway(t, { env: { IMGATE_IP_DATABASE: database } })
  const { port } = await listen(t, '127.0.0.3')
  // Nobody listens there.
  const dead = await add(gateway, '127.0.0.6', port, 1)
  const [server] = await withListeners(t, gateway, ['127.0.0.4'], 1)
  await isListed(gateway, dead, 0)
  t.strictSame(await hostsFor(gateway, '203.0.113.200', 1), ['127.0.0.4', '127.0.0.1'])
  await new Promise(resolve => server!.close(resolve))
  const hosts = await eventually(
    () => hostsFor(gateway, '203.0.113.200', 1),
    found => found.length === 1,
    'the addresses without the one that is gone',
    30_000,
  )
  t.strictSame(hosts, ['127.0.0.1'])
})

t.test('without a database the load decides', async t => {
  const gateway = await startGateway(t)
  await withListeners(t, gateway, ['127.0.0.2', '127.0.0.3'], 2)
  for (const clientip of ['203.0.113.200', '127.0.0.3', '2001:db8::1']) {
    const hosts = await hostsFor(gateway, clientip, 2)
    t.equal(hosts[0], '127.0.0.1', 'its own, whose load is known')
    t.strictSame(hosts.slice(1).sort(), ['127.0.0.2', '127.0.0.3'])
  }
})

t.test('a device can connect to the first address, and is told how to wait before it comes back', async t => {
  const gateway = await startGateway(t, { env: { IMGATE_IP_DATABASE: database } })
  const device = await signIn(t, gateway, { transport: 'tcp' })
  t.equal(device.ack.code, 0)
  const { backoff } = await gateway.api.iplist(device.uid, device.sid, 1)
  const { base, factor, max, jitter } = backoff as Record<string, number>
  for (const [name, value] of Object.entries({ base, max })) {
    t.ok(Number.isInteger(value) && value! > 0, `${name} is a number of milliseconds: ${value}`)
  }
  t.ok(factor! > 1, `factor ${factor} makes the wait longer`)
  t.ok(max! > base!, 'it ends somewhere')
  t.ok(jitter! > 0 && jitter! <= 1, `jitter ${jitter} is a share`)
})

t.test('the port of an IPv6 listener can be told from its address', async t => {
  const gateway = await startGateway(t)
  const { port } = await listen(t, '::1')
  await isListed(gateway, await add(gateway, '::1', port, 1), 1)
  const uid = freshId()
  const { sid } = await gateway.api.register(uid)
  const { iplist } = await gateway.api.iplist(uid, sid!, 1)
  t.ok(iplist!.includes(`[::1]:${port}`), describe(iplist))
  const { list } = await gateway.api.ok('/im/config', { action: 'list', option: 'listend' })
  t.ok(
    list!.some(entry => entry['ipaddr'] === `[::1]:${port}`),
    describe(list),
  )
})

for (const [what, content] of [
  ['is not there', undefined],
  ['is empty', Buffer.alloc(0)],
  ['is something else', Buffer.from('nation,operator\nDE,North\n'.repeat(100))],
  ['is cut off', mmdb([{ network: '192.0.2.0/24', entry: at('DE', 'North') }]).subarray(0, -30)],
] as const) {
  t.test(`a database that ${what} stops the start, and the message names it`, async t => {
    const path = join(folder, `${what.replaceAll(' ', '-')}.mmdb`)
    if (content !== undefined) await writeFile(path, content)
    const gateway = await spawnGateway(t, { env: { IMGATE_IP_DATABASE: path, IMGATE_DRAIN_TIMEOUT_MS: '2000' } })
    const { code } = await withDeadline(gateway.exited, () => `the end of the start:\n${gateway.output}`, 30_000)
    t.ok(code !== null && code !== 0, `exit code ${code}`)
    t.ok(gateway.output.includes(path), 'the file is named')
    t.match(gateway.output, /IMGATE_IP_DATABASE|--ip-database|\bipDatabase\b/, 'and so is the option')
    t.notMatch(gateway.output, /"msg":"ready"/)
  })
}
