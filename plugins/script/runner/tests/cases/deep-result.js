export const meta = { name: "demo", description: "x" }
const deep = (n, f) => { try { return f() } catch (e) { return n + " " + e.name + ": " + e.message } }
let d = 0
let o = []; for (let i = 0; i < 1e5; i++) o = [o]; return o
