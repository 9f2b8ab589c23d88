/* The app server of the examples: it serves chat.html, and it alone holds the API key of the gateway. A device asks it
 * where to connect and with which token, and then talks to the gateway itself.
 *
 *   IMGATE_API_KEY=... node examples/app-server.mjs
 *
 * IMGATE_URL: the gateway's HTTP address, http://127.0.0.1:8080 if not set. PORT: 3000; 0 takes any free one. */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'

const GATEWAY = process.env.IMGATE_URL ?? 'http://127.0.0.1:8080'
const KEY = process.env.IMGATE_API_KEY
const PAGE = new URL('chat.html', import.meta.url)
const FIRST_UID = 1001

/** Who is who. A real app server has users, and checks a password or a cookie before it answers. */
const uids = new Map()
/** The session of each device: one name may have two, a page and a terminal. */
const sids = new Map()

/** Calls the gateway. JSON.parse is right for ids up to 2^53 - 1; the gateway's own begin at 1. */
async function call(path, query) {
  const url = new URL(path, GATEWAY)
  url.search = new URLSearchParams(query)
  const response = await fetch(url, { headers: KEY === undefined ? {} : { authorization: `Bearer ${KEY}` } })
  const reply = await response.json()
  if (reply.code !== 0) throw new Error(`${path}: ${reply.code} ${reply.errmsg}`)
  return reply
}

/** What a device needs to connect. Its session stays the same; the token and the addresses are new each time. */
async function logIn(name, type, clientip) {
  if (!uids.has(name)) uids.set(name, FIRST_UID + uids.size)
  const uid = uids.get(name)
  const device = `${type} ${name}`
  if (!sids.has(device)) sids.set(device, (await call('/im/register', { uid, nation: 86, city: 10, town: 3 })).sid)
  const sid = sids.get(device)
  const { iplist, token, backoff } = await call('/im/iplist', { type, uid, sid, clientip })
  return { uid, sid, iplist, token, backoff }
}

async function answer(request, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost')
  const send = (status, type, body) => response.writeHead(status, { 'content-type': type }).end(body)
  if (request.method === 'GET' && pathname === '/') {
    send(200, 'text/html; charset=utf-8', await readFile(PAGE))
  } else if (request.method === 'POST' && pathname === '/login' && searchParams.get('name')) {
    const clientip = request.socket.remoteAddress.replace('::ffff:', '')
    const type = searchParams.get('type') === '1' ? 1 : 2
    send(200, 'application/json', JSON.stringify(await logIn(searchParams.get('name'), type, clientip)))
  } else {
    send(404, 'text/plain', 'not here\n')
  }
}

const server = createServer((request, response) => {
  answer(request, response).catch(error => {
    console.error(error.message)
    response.writeHead(502, { 'content-type': 'text/plain' }).end('the gateway did not answer\n')
  })
})
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/`)
})
