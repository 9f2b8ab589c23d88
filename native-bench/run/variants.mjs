// A variant is a server and the transport that its clients speak, and for imgate the number of workers: a row of a table.
// The peers have one transport each.

const of = (name, server, more = {}) => ({ name, server, transport: 'ws-binary', workers: 1, ...more })

/** The yardstick: ratios are against this one. */
export const bare = of('bare', 'bare')
export const YARDSTICK = bare.name

export const imgate = of('imgate', 'imgate')
export const imgateJson = of('imgate json', 'imgate', { transport: 'ws-json' })
export const imgateTcp = of('imgate tcp', 'imgate', { transport: 'tcp' })
export const imgateMixed = of('imgate mixed', 'imgate', { transport: 'mixed' })
export const imgateOf = workers => of(workers === 1 ? 'imgate' : `imgate, ${workers} workers`, 'imgate', { workers })

export const transports = [imgate, imgateJson, imgateTcp]
export const nchan = of('nchan', 'nchan')
export const peers = [
  of('ws', 'ws'),
  of('socketio', 'socketio'),
  of('nats', 'nats'),
  nchan,
  of('mosquitto', 'mosquitto'),
]
