/* What the tests need beyond npm's packages. It is installed from Debian's packages only when somebody asks for that:
 * with `npm test -- --install`, or in CI. Otherwise this names what is missing and how to get it. */
import { spawnSync } from 'node:child_process'

const PREREQUISITES = [
  { program: 'g++', debianPackage: 'g++', neededFor: 'native-bench, test/decoders.test.ts' },
  { program: 'make', debianPackage: 'make', neededFor: 'native-bench' },
  { program: 'python3', debianPackage: 'python3', neededFor: 'test/examples.test.ts, test/decoders.test.ts' },
  { program: 'chromium', debianPackage: 'chromium', neededFor: 'test/examples.test.ts' },
]

function isThere(program) {
  return spawnSync('sh', ['-c', 'command -v "$0"', program], { stdio: 'ignore' }).status === 0
}

/** Installs quietly; what apt-get said shows only when it failed. */
function install(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [['update'], ['install', '--yes', '--no-install-recommends', ...packages]]) {
    const { status, error, stdout, stderr } = spawnSync('apt-get', ['--quiet=2', ...args], { env, encoding: 'utf8' })
    if (status !== 0) console.error(`apt-get ${args.join(' ')} failed:\n${error ?? `${stdout}${stderr}`}`)
  }
}

const missing = () => PREREQUISITES.filter(({ program }) => !isThere(program))

/** Installs what is missing if `mayInstall` and this is root on Debian, and names what is missing then. */
export function prepare({ mayInstall }) {
  const packages = missing().map(({ debianPackage }) => debianPackage)
  const canInstall = process.getuid?.() === 0 && isThere('apt-get')
  if (packages.length > 0 && mayInstall && canInstall) install(packages)
  for (const { program, debianPackage, neededFor } of missing()) {
    console.error(`${program} is missing, ${neededFor} needs it: sudo apt-get install ${debianPackage}`)
  }
}
