import { DgramSocket } from 'node-unix-socket'

/** Reports the state of the service to systemd (sd_notify), if systemd started it with Type=notify. Thread: main. */
export class Systemd {
  readonly #path: string | undefined
  #socket: DgramSocket | undefined
  readonly #watchdogUs: number

  constructor(env: NodeJS.ProcessEnv) {
    const path = env['NOTIFY_SOCKET']
    this.#path = path?.startsWith('@') === true ? `\0${path.slice(1)}` : path
    this.#socket = path === undefined ? undefined : new DgramSocket()
    this.#watchdogUs = Number(env['WATCHDOG_USEC'] ?? 0)
  }

  ready(status: string): void {
    this.#send(`READY=1\nSTATUS=${status}`)
  }

  stopping(): void {
    this.#send('STOPPING=1')
  }

  /** Feeds the watchdog four times per interval while `isHealthy`. Only a restart cures a stuck worker. */
  watch(isHealthy: () => boolean): void {
    if (this.#watchdogUs === 0) return
    setInterval(() => {
      if (isHealthy()) this.#send('WATCHDOG=1')
    }, this.#watchdogUs / 4000).unref()
  }

  /** Sends nothing more. */
  close(): void {
    this.#socket?.close()
    this.#socket = undefined
  }

  #send(text: string): void {
    if (this.#socket === undefined || this.#path === undefined) return
    const bytes = Buffer.from(text)
    this.#socket.sendTo(bytes, 0, bytes.length, this.#path)
  }
}
