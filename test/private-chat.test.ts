import t from 'tap'
import { TRANSPORTS } from './support/client.js'
import { type Device, signIn } from './support/device.js'
import { ErrorCode } from './support/error-codes.js'
import { fence } from './support/fence.js'
import { killAndRestart, startGateway } from './support/gateway.js'
import { freshId, type Id } from './support/ids.js'
import { signInAtEach } from './support/placing.js'

const gateway = await startGateway(t)

const chat = ({ client, uid }: Device, duid: Id, text: string, more: object = {}) =>
  client.request('CHAT', { suid: uid, duid, level: 1, text, ...more })

for (const transport of TRANSPORTS) {
  t.test(`CHAT reaches every device of the receiver and the sender's other devices over ${transport}`, async t => {
    const sender = await signIn(t, gateway, { transport })
    const senders = [sender]
    const receivers: Device[] = []
    const duid = freshId()
    for (const other of TRANSPORTS) {
      senders.push(await signIn(t, gateway, { transport: other, uid: sender.uid }))
      receivers.push(await signIn(t, gateway, { transport: other, uid: duid }))
    }
    const before = Date.now()
    const ack = await chat(sender, duid, 'just you')
    t.hasStrict(ack, { code: 0, errmsg: 'OK' })
    t.ok(ack.msgid !== undefined && ack.msgid > 0)
    for (const { client } of [...receivers, ...senders.slice(1)]) {
      const got = await client.next('CHAT')
      t.hasStrict(got, { suid: sender.uid, duid, level: 1, text: 'just you', msgid: ack.msgid })
      t.ok(Number(got.time) >= before - 1 && Number(got.time) <= Date.now() + 1)
    }
    await fence(gateway, sender)
    t.strictSame(sender.client.received('CHAT'), [], 'the device that sent it gets its ACK only')
  })

  t.test(`what a sender claims to be is not believed over ${transport}`, async t => {
    const [sender, receiver] = [await signIn(t, gateway, { transport }), await signIn(t, gateway, { transport })]
    const body = { suid: freshId(), duid: receiver.uid, level: 1, text: 'x' }
    t.equal((await sender.client.request('CHAT', body)).code, ErrorCode.OK)
    t.equal((await receiver.client.next('CHAT')).suid, sender.uid)
  })

  t.test(`CHAT to a user without a session is refused over ${transport}`, async t => {
    const sender = await signIn(t, gateway, { transport })
    t.equal((await chat(sender, freshId(), 'anybody?')).code, ErrorCode.NOT_ONLINE)
  })

  t.test(`messages between two keep their order over ${transport}`, async t => {
    const [sender, receiver] = (await signInAtEach(t, gateway, [transport, transport])) as [Device, Device]
    for (let index = 0; index < 200; index += 1) {
      sender.client.send('CHAT', { suid: sender.uid, duid: receiver.uid, level: 1, text: `${index}` })
    }
    for (let index = 0; index < 200; index += 1) {
      const { text } = await receiver.client.next('CHAT')
      if (text !== `${index}`) t.fail(`${text} instead of ${index}`)
    }
    t.equal(receiver.client.received('CHAT').length, 200)
  })

  t.test(`whom I block is refused until I unblock him over ${transport}`, async t => {
    const [me, him] = [await signIn(t, gateway, { transport }), await signIn(t, gateway, { transport })]
    const add = await me.client.request('BLACKLIST-ADD', { suid: me.uid, duid: him.uid })
    t.hasStrict(add, { code: 0, errmsg: 'OK' })
    t.equal((await chat(him, me.uid, 'blocked')).code, ErrorCode.BLACKLISTED)
    t.equal((await chat(me, him.uid, 'I may')).code, ErrorCode.OK)
    const del = await me.client.request('BLACKLIST-DEL', { suid: me.uid, duid: him.uid })
    t.equal(del.code, ErrorCode.OK)
    t.equal((await chat(him, me.uid, 'open again')).code, ErrorCode.OK)
    t.equal((await me.client.next('CHAT')).text, 'open again')
  })

  t.test(`whom I mute gets his ACK and I get nothing, until I unmute him, over ${transport}`, async t => {
    const [me, him] = [await signIn(t, gateway, { transport }), await signIn(t, gateway, { transport })]
    const add = await me.client.request('GAG-ADD', { suid: me.uid, duid: him.uid })
    t.equal(add.code, ErrorCode.OK)
    const ack = await chat(him, me.uid, 'into the void')
    t.equal(ack.code, ErrorCode.OK)
    t.ok(ack.msgid !== undefined && ack.msgid > 0, 'nothing in the ACK gives it away')
    const del = await me.client.request('GAG-DEL', { suid: me.uid, duid: him.uid })
    t.equal(del.code, ErrorCode.OK)
    t.equal((await chat(him, me.uid, 'heard')).code, ErrorCode.OK)
    t.equal((await me.client.next('CHAT')).text, 'heard')
    await fence(gateway, me)
    t.equal(me.client.received('CHAT').length, 1)
  })

  t.test(`nobody blocks or mutes in another's name over ${transport}`, async t => {
    const [victim, friend, foe] = [
      await signIn(t, gateway, { transport }),
      await signIn(t, gateway, { transport }),
      await signIn(t, gateway, { transport }),
    ]
    await foe.client.request('BLACKLIST-ADD', { suid: victim.uid, duid: friend.uid })
    await foe.client.request('GAG-ADD', { suid: victim.uid, duid: friend.uid })
    t.equal((await chat(friend, victim.uid, 'hello')).code, ErrorCode.OK)
    t.equal((await victim.client.next('CHAT')).text, 'hello')
    t.equal((await chat(friend, foe.uid, 'to the foe')).code, ErrorCode.BLACKLISTED, 'it counts as his own')
  })
}

t.test('blocks and mutes survive a crash right after the answer', async t => {
  const before = await startGateway(t)
  const uids = { me: 2n ** 64n - 1n, blocked: 2n ** 63n, muted: freshId(), free: freshId() }
  const me = await signIn(t, before, { transport: 'tcp', uid: uids.me })
  await me.client.request('BLACKLIST-ADD', { suid: uids.me, duid: uids.free })
  await me.client.request('BLACKLIST-DEL', { suid: uids.me, duid: uids.free })
  await me.client.request('GAG-ADD', { suid: uids.me, duid: uids.muted })
  t.equal((await me.client.request('BLACKLIST-ADD', { suid: uids.me, duid: uids.blocked })).code, ErrorCode.OK)
  const after = await killAndRestart(t, before)
  const again = await signIn(t, after, { transport: 'ws-json', uid: uids.me })
  const blocked = await signIn(t, after, { transport: 'tcp', uid: uids.blocked })
  const muted = await signIn(t, after, { transport: 'ws-binary', uid: uids.muted })
  const free = await signIn(t, after, { transport: 'tcp', uid: uids.free })
  t.equal((await chat(blocked, uids.me, 'x')).code, ErrorCode.BLACKLISTED)
  t.equal((await chat(muted, uids.me, 'x')).code, ErrorCode.OK)
  t.equal((await chat(free, uids.me, 'hello')).code, ErrorCode.OK)
  t.equal((await again.client.next('CHAT')).text, 'hello')
  await fence(after, again)
  t.equal(again.client.received('CHAT').length, 1)
})

t.test('bytes reach a JSON receiver as data64, and data64 of a JSON sender arrives as bytes', async t => {
  const bytes = Buffer.from([0xff, 0, 0xfe])
  const [binary, json] = [
    await signIn(t, gateway, { transport: 'tcp' }),
    await signIn(t, gateway, { transport: 'ws-json' }),
  ]
  t.equal((await chat(binary, json.uid, 'b', { data: bytes })).code, ErrorCode.OK)
  t.equal((await json.client.next('CHAT')).data64, bytes.toString('base64'))
  t.equal((await chat(json, binary.uid, 'j', { data64: bytes.toString('base64') })).code, ErrorCode.OK)
  t.ok(bytes.equals((await binary.client.next('CHAT')).data as Uint8Array))
})
