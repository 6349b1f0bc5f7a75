;; world agent
;; Gives an alarm back two times.
(module
  (import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration"
    (func $subscribe (param i64) (result i32)))
  (import "wasi:io/poll@0.2.0" "[resource-drop]pollable" (func $drop (param i32)))
  (memory (export "memory") 2)
  (global $free (mut i32) (i32.const 65536))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $at) (local.get 3)))
    (local.get $at))
  (func (export "perform")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
    (local $alarm i32)
    (local.set $alarm (call $subscribe (i64.const 1)))
    (call $drop (local.get $alarm))
    (call $drop (local.get $alarm))
    (unreachable))
  (@custom "baton:manifest" "{\"name\":\"text\",\"world\":\"agent\"}"))
