export const meta = { name: "demo", description: "x" }
const deep = (n, f) => { try { return f() } catch (e) { return n + " " + e.name + ": " + e.message } }
let d = 0
const f = async (n) => { d = n; return (await f(n + 1)) + 1 }; const r = await f(0).catch((e) => e.name + e.message)
return [String(r), d > 10]
