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

const BEFORE = ' before'

/** The same variant of another build of imgate, and back to the one that it is compared with. */
export const beforeOf = (variant, root) => ({ ...variant, name: `${variant.name}${BEFORE}`, root })
export const isBefore = name => name.endsWith(BEFORE)

/** What a row is compared with: its own other build where there is one, else the yardstick. */
export function comparedWith(name, results) {
  if (name === YARDSTICK || isBefore(name)) return undefined
  return results[`${name}${BEFORE}`] ?? results[YARDSTICK] ?? undefined
}
