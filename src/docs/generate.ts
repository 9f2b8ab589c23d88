import { writeFileSync } from 'node:fs'
import { pages } from './pages.ts'

/** `npm run docs`: writes the generated pages. */
const folder = new URL('../../docs/', import.meta.url)
for (const [name, make] of Object.entries(pages)) writeFileSync(new URL(name, folder), make())
