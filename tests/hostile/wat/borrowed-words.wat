;; world workflow
;; Names a function after another error, to be taken for it.
(module
  (import "baton:runtime/tasks@0.1.2" "wait-any"
    (func $wait (param i32 i32 i32 i32)))
  (memory (export "memory") 2)
  (global $free (mut i32) (i32.const 65536))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $at) (local.get 3)))
    (local.get $at))
  (func $guest (@name "store handle limit exceeded") (export "run") (param i32 i32) (result i32)
    (call $wait (i32.const 1) (i32.const 16) (i32.const 0) (i32.const -8))
    (unreachable))
  (@custom "baton:manifest" "{\"name\":\"text\",\"world\":\"workflow\"}"))
