export const meta = { name: "demo", description: "x" }
const deep = (n, f) => { try { return f() } catch (e) { return n + " " + e.name + ": " + e.message } }
let d = 0
const f = (n) => { d = n; return f(n + 1) + 1 }; const r = deep("plain", () => f(0))
return [String(r), d > 100]
