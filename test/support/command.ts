import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withDeadline } from './deadline.js'

export const PROJECT = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CommandOptions {
  env?: Record<string, string>
  /** Not root's rights: those of a user who owns nothing. Only root can give them away. */
  asNobody?: boolean
}

/**
 * Runs the command line, such as `imgate check`, with a clean environment, and waits until it ends
 * by itself.
 */
export async function runCommand(args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  const { env = {}, asNobody = false } = options
  const settings = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...env }
  const assignments = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  const rights = asNobody ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : []
  const command = ['-i', ...assignments, ...rights, process.execPath, join(PROJECT, 'dist', 'main.js'), ...args]
  const child = spawn('env', command, { cwd: PROJECT, stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', chunk => {
    stdout += String(chunk)
  })
  child.stderr.on('data', chunk => {
    stderr += String(chunk)
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => resolve(code))
  })
  try {
    const code = await withDeadline(ended, () => `the end of imgate ${args.join(' ')}:\n${stdout}${stderr}`, 20_000)
    return { code, stdout, stderr }
  } finally {
    if (child.exitCode === null) child.kill('SIGKILL')
  }
}
