// extensions
export const meta = { name: 'demo', description: 'x' }
// Nobody sends a fourth message: the host has nothing more to bring.
for (let i = 0; i < 4; i++) await baton.nextMessage()
