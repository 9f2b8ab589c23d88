// What several scenarios tell the client in the same way.

export const crowd = o => ['--members', o.members, '--publishers', o.publishers, '--payload', o.payload]
export const stretch = o => ['--warmup', o.warmup, '--seconds', o.seconds]
