import type {
  HttpRequest,
  HttpResponse,
  TemplatedApp,
  us_listen_socket,
  us_socket_context_t,
  WebSocket,
} from 'uWebSockets.js'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

export type { HttpRequest, HttpResponse, TemplatedApp, us_listen_socket, us_socket_context_t, WebSocket }

/** The part of uWebSockets.js that is used; which release is behind it depends on the Node version (docs/engine.md, 1). */
interface Native {
  App(): TemplatedApp
  us_listen_socket_close(socket: us_listen_socket): void
  us_socket_local_port(socket: us_listen_socket): number
}

const require = createRequire(import.meta.url)

/** The binaries of the pinned package, as they were when this gateway was tested with them. */
const SHA256: Readonly<Record<string, string>> = {
  'uws_linux_arm64_115.node': '034e0fcccdc08f90df3b130f421516311831b1352fe38eab91abc2984c2fdf3a',
  'uws_linux_x64_115.node': 'f4fa5d7b697529b45ac8aa3d57385d9af51bc1d2b26aa9f5b68ca4361542e665',
  'uws_linux_arm64_127.node': 'a7d9bc3ec166421a49416d5ea4f49118ae68ea1dbf8a765c4f45a79b0b6adb13',
  'uws_linux_x64_127.node': '78e38a9a163b1cf33ce539619e5908111dea95a12e7943d95fbcdd524879caa8',
  'uws_linux_arm64_137.node': 'b6eb007d627e00bcce03ad38f197124e9027c03f6fe784b37f97b8a6ea709cb4',
  'uws_linux_x64_137.node': '3b549c14e01d9d1faf234cdf4b6f0fb08158605e3692cd0eb1b905e327bd3449',
}

/** @returns why uWebSockets.js cannot be used here, and what to do; undefined when it can */
export function checkUws(): string | undefined {
  const file = `uws_${process.platform}_${process.arch}_${process.versions.modules}.node`
  const expected = SHA256[file]
  if (expected === undefined) {
    return `there is no tested uWebSockets.js binary ${file} for Node ${process.version}: use Node 20, 22 or 24 on Linux (x64 or arm64)`
  }
  const path = join(dirname(require.resolve('uWebSockets.js')), file)
  const actual = createHash('sha256').update(readFileSync(path)).digest('hex')
  if (actual !== expected) return `${file} is not the tested binary (sha256 ${actual}): run npm ci again`
  try {
    const native = require('uWebSockets.js') as Partial<Native>
    for (const name of ['App', 'us_listen_socket_close', 'us_socket_local_port'] as const) {
      if (typeof native[name] !== 'function') return `${file} has no ${name}`
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return `${file} does not load: ${reason.split('\n', 1)[0]} (a newer glibc is needed, or Node 20)`
  }
  return undefined
}

/** Thread: any; each thread has its own App and event loop. Never end a thread while its App is open. */
export function loadUws(): Native {
  return require('uWebSockets.js') as Native
}
