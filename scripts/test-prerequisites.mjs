/* What the tests need beyond npm's packages. Missing ones are installed from Debian's packages where that is possible;
 * otherwise this names them and how to get them, and fails only if one is necessary. */
import { spawnSync } from 'node:child_process'

const PREREQUISITES = [
  { program: 'g++', debianPackage: 'g++', neededFor: 'native-bench', isNecessary: false },
  { program: 'make', debianPackage: 'make', neededFor: 'native-bench', isNecessary: false },
]

function isThere(program) {
  return spawnSync('sh', ['-c', 'command -v "$0"', program], { stdio: 'ignore' }).status === 0
}

function canInstall() {
  return process.getuid?.() === 0 && isThere('apt-get')
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

const absent = missing()
if (absent.length > 0 && canInstall()) install(absent.map(({ debianPackage }) => debianPackage))

for (const { program, debianPackage, neededFor, isNecessary } of missing()) {
  console.error(`${program} is missing, ${neededFor} needs it. Install it with: sudo apt-get install ${debianPackage}`)
  if (isNecessary) process.exitCode = 1
}
