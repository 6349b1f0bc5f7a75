;; world agent
;; Asks about an alarm that nobody gave it.
(module
  (import "wasi:io/poll@0.2.0" "[method]pollable.ready"
    (func $ready (param i32) (result i32)))
  (memory (export "memory") 2)
  (global $free (mut i32) (i32.const 65536))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $at) (local.get 3)))
    (local.get $at))
  (func (export "perform")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
    (drop (call $ready (i32.const 77)))
    (unreachable))
  (@custom "baton:manifest" "{\"name\":\"text\",\"world\":\"agent\"}"))
